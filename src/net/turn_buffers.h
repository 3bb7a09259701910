#pragma once

#include <array>
#include <cstddef>

#include "base/buffer.h"
#include "http/wire.h"
#include "os/udp.h"
#include "tls/engine.h"

namespace gate::net {

// The memory one worker's connections share: each uses it within a call and leaves nothing behind, so that an idle
// connection owns no buffer. One a worker, outlives its connections; made without being filled, so that what nobody
// uses takes no memory.
struct TurnBuffers {
  static constexpr std::size_t kReceiveBytes = 64 * 1024;
  static constexpr std::size_t kPlainBytes = tls::Engine::kReadBytes;

  std::array<std::byte, kReceiveBytes> received;       // as it came from the socket
  std::array<std::byte, kPlainBytes> plain;            // decrypted
  std::array<std::byte, http::kScratchBytes> scratch;  // the wire's, within one of its calls
  base::Buffer produced;                               // by the wire, to be encrypted
  base::Buffer sealed;                                 // to be sent

  std::array<std::byte, os::UdpSocket::kReceiveBytes> datagrams;        // as they came from the socket
  std::array<std::byte, os::UdpSocket::kTrainBytes> datagrams_to_send;  // of one connection, a train
};

}  // namespace gate::net
