#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/xtea.h"

namespace gate::os {

// Where in its datagrams a protocol names the socket that shall have them: by an id of fixed length, of which eight
// octets are encrypted and hold the socket's number. Datagrams have a long form, which says the id's length, and a
// short one, which does not. Offsets count from the datagram's first octet, unless said otherwise.
struct SteeringRule {
  std::uint8_t long_form_bit = 0;  // of the first octet
  std::uint32_t short_id = 0;      // where the id stands in the short form
  std::uint32_t long_id_length = 0;
  std::uint32_t long_id = 0;
  std::uint32_t id_bytes = 0;  // an id of another length is not ours
  std::uint32_t block = 0;     // where the eight octets stand in the id
  unsigned number_shift = 0;   // the lowest bit of the octet with the number, in the decrypted block; at least 32
};

// Gives the sockets that share `socket`'s address (SO_REUSEPORT) their datagrams by `rule`: the number of a socket
// counts from 0 in the order in which they were bound. Datagrams in which no number is found, or one that no socket
// has, the kernel spreads over all of them by a hash of both addresses.
//
// To be set once for an address, even over several processes: Linux frees a rule that is replaced while another
// processor may be following it (mended in 2026 by "bpf: Free reuseport cBPF prog after RCU grace period"). So nothing
// of it depends on how many sockets there are.
base::Result<void> steer_datagrams(int socket, const SteeringRule& rule, const base::Xtea& cipher);

}  // namespace gate::os
