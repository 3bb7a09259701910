#include "tls/challenges.h"

#include <fmt/format.h>

#include <ranges>

#include "base/ip.h"
#include "base/text.h"

namespace gate::tls {

// RFC 1035 3.5 and RFC 3596 2.5: octets, or for IPv6 halves of them, the last first.
std::string challenge_server_name(std::string_view name) {
  const auto address = base::IpAddress::parse(name);
  if (!address) return base::lowered(name);
  std::string reversed;
  if (address->is_v4()) {
    for (const std::uint8_t octet : address->octets().last<4>() | std::views::reverse) {
      reversed += fmt::format("{}.", octet);
    }
    return reversed + "in-addr.arpa";
  }
  for (const std::uint8_t octet : address->octets() | std::views::reverse) {
    reversed += fmt::format("{:x}.{:x}.", octet & 0xf, octet >> 4);
  }
  return reversed + "ip6.arpa";
}

}  // namespace gate::tls
