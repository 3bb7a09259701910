#include "os/outgoing_address.h"

#include <array>

#include "os/socket.h"

namespace gate::os {

std::optional<base::IpAddress> outgoing_address() {
  constexpr std::array<std::uint8_t, 4> kAnywhere{192, 0, 2, 1};  // RFC 5737: nobody is there, and nothing is sent
  constexpr std::uint16_t kDiscard = 9;
  const auto socket = connect_udp({base::IpAddress::v4(kAnywhere), kDiscard});
  if (!socket) return std::nullopt;
  const auto here = local_endpoint(socket->number());
  if (!here || here->address.is_unspecified()) return std::nullopt;
  return here->address;
}

}  // namespace gate::os
