#include "os/outgoing_address.h"

#include <sys/socket.h>

#include <array>

#include "os/fd.h"
#include "os/system_address.h"

namespace gate::os {

std::optional<base::IpAddress> outgoing_address() {
  constexpr std::array<std::uint8_t, 4> kAnywhere{192, 0, 2, 1};  // RFC 5737: nobody is there, and nothing is sent
  constexpr std::uint16_t kDiscard = 9;
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SystemAddress there = to_system({base::IpAddress::v4(kAnywhere), kDiscard});
  SystemAddress here;
  if (!fd.valid() || ::connect(fd.number(), there.get(), there.size) != 0 ||
      ::getsockname(fd.number(), here.get(), &here.size) != 0) {
    return std::nullopt;
  }
  const auto address = from_system(here).address;
  return address.is_unspecified() ? std::nullopt : std::optional(address);
}

}  // namespace gate::os
