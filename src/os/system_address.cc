#include "os/system_address.h"

#include <netinet/in.h>

#include <array>
#include <span>

#include "base/bytes.h"

namespace gate::os {

SystemAddress to_system(const base::Endpoint& endpoint, std::uint32_t interface) {
  SystemAddress result;
  const auto octets = endpoint.address.octets();
  if (endpoint.address.is_v4()) {
    auto* four = reinterpret_cast<sockaddr_in*>(&result.storage);
    four->sin_family = AF_INET;
    four->sin_port = htons(endpoint.port);
    base::copy_bytes(std::as_writable_bytes(std::span(&four->sin_addr, 1)), std::as_bytes(octets.last<4>()));
    result.size = sizeof(sockaddr_in);
  } else {
    auto* six = reinterpret_cast<sockaddr_in6*>(&result.storage);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(endpoint.port);
    six->sin6_scope_id = interface;
    base::copy_bytes(std::as_writable_bytes(std::span(&six->sin6_addr, 1)), std::as_bytes(octets));
    result.size = sizeof(sockaddr_in6);
  }
  return result;
}

base::Endpoint from_system(const SystemAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
    std::array<std::uint8_t, 4> octets{};
    base::copy_bytes(std::as_writable_bytes(std::span(octets)), std::as_bytes(std::span(&four->sin_addr, 1)));
    return {base::IpAddress::v4(octets), ntohs(four->sin_port)};
  }
  const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  std::array<std::uint8_t, 16> octets{};
  base::copy_bytes(std::as_writable_bytes(std::span(octets)), std::as_bytes(std::span(&six->sin6_addr, 1)));
  return {base::IpAddress::v6(octets), ntohs(six->sin6_port)};
}

}  // namespace gate::os
