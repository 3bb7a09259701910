#include "quic/native.h"

#include <netinet/in.h>

#include <algorithm>

#include "base/check.h"

namespace gate::quic {

namespace {

struct SocketAddress {
  ngtcp2_sockaddr_union storage{};
  ngtcp2_socklen size = 0;
};

SocketAddress socket_address(const base::Endpoint& endpoint, std::uint32_t interface) {
  SocketAddress result;
  const auto octets = endpoint.address.octets();
  if (endpoint.address.is_v4()) {
    auto& four = result.storage.in;
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    base::copy_bytes(std::as_writable_bytes(std::span(&four.sin_addr, 1)), std::as_bytes(octets.subspan(12)));
    result.size = sizeof four;
  } else {
    auto& six = result.storage.in6;
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    base::copy_bytes(std::as_writable_bytes(std::span(&six.sin6_addr, 1)), std::as_bytes(octets));
    six.sin6_scope_id = interface;
    result.size = sizeof six;
  }
  return result;
}

base::Endpoint endpoint_of(const ngtcp2_addr& address) {
  if (address.addrlen == sizeof(sockaddr_in)) {
    const auto& four = *reinterpret_cast<const sockaddr_in*>(address.addr);
    std::array<std::uint8_t, 4> octets{};
    base::copy_bytes(std::as_writable_bytes(std::span(octets)), std::as_bytes(std::span(&four.sin_addr, 1)));
    return {base::IpAddress::v4(octets), ntohs(four.sin_port)};
  }
  GATE_CHECK(address.addrlen == sizeof(sockaddr_in6));
  const auto& six = *reinterpret_cast<const sockaddr_in6*>(address.addr);
  std::array<std::uint8_t, 16> octets{};
  base::copy_bytes(std::as_writable_bytes(std::span(octets)), std::as_bytes(std::span(&six.sin6_addr, 1)));
  return {base::IpAddress::v6(octets), ntohs(six.sin6_port)};
}

}  // namespace

ngtcp2_cid native_id(const ConnectionId& id) {
  ngtcp2_cid native;
  ngtcp2_cid_init(&native, native_data(id.bytes()), id.size());
  return native;
}

ConnectionId id_of(const ngtcp2_cid& id) {
  const auto value = ConnectionId::from(native_bytes(id.data, id.datalen));
  GATE_CHECK(value.has_value());
  return *value;
}

NativePath::NativePath(const Path& path) {
  const SocketAddress local = socket_address(path.local, path.interface);
  const SocketAddress peer = socket_address(path.peer, path.interface);
  ngtcp2_path_storage_init(&storage_, &local.storage.sa, local.size, &peer.storage.sa, peer.size, nullptr);
}

Path path_of(const ngtcp2_path& path) {
  const bool four = path.local.addrlen == sizeof(sockaddr_in);
  return {.local = endpoint_of(path.local),
          .peer = endpoint_of(path.remote),
          .interface = four ? 0 : reinterpret_cast<const sockaddr_in6*>(path.local.addr)->sin6_scope_id};
}

}  // namespace gate::quic
