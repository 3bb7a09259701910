#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "os/codes.h"
#include "os/errno.h"
#include "os/socket.h"

namespace gate::os {
namespace {

// Room for either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_system(const base::Endpoint& endpoint) {
  SocketAddress result;
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
    base::copy_bytes(std::as_writable_bytes(std::span(&six->sin6_addr, 1)), std::as_bytes(octets));
    result.size = sizeof(sockaddr_in6);
  }
  return result;
}

base::Endpoint from_system(const SocketAddress& address) {
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

bool switch_on(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0;
}

base::Error listen_error(const base::Endpoint& address) {
  const int number = errno;
  auto error = system_error(kCannotListen, "cannot listen on " + address.to_string() + " (tcp)", number);
  if (number == EADDRINUSE) error.code = kPortInUse;
  if (number == EACCES && address.port < 1024) error.code = kLowPortRefused;
  return error;
}

IoResult io_failure() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoState::kWouldBlock, 0};
  return {IoState::kFailed, 0};
}

// A socket bound to `address`; invalid, with errno set, when that failed.
Fd bound_socket(const base::Endpoint& address, bool shared) {
  const int family = address.address.is_v4() ? AF_INET : AF_INET6;
  Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  auto name = to_system(address);
  const bool bound = socket.valid() && switch_on(socket.number(), SOL_SOCKET, SO_REUSEADDR) &&
                     (!shared || switch_on(socket.number(), SOL_SOCKET, SO_REUSEPORT)) &&
                     (family == AF_INET || switch_on(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
                     bind(socket.number(), name.get(), name.size) == 0;
  return bound ? std::move(socket) : Fd();
}

}  // namespace

base::Result<Fd> listen_tcp(const base::Endpoint& address) {
  constexpr int kBacklog = 4096;  // cut to net.core.somaxconn by the kernel
  Fd socket = bound_socket(address, true);
  // Accepted sockets inherit TCP_NODELAY.
  const bool listening =
      socket.valid() && switch_on(socket.number(), IPPROTO_TCP, TCP_NODELAY) && listen(socket.number(), kBacklog) == 0;
  if (!listening) return base::fail(listen_error(address));
  return socket;
}

base::Result<void> check_port_free(const base::Endpoint& address) {
  if (!bound_socket(address, false).valid()) return base::fail(listen_error(address));
  return {};
}

base::Result<base::Endpoint> local_endpoint(int socket) {
  SocketAddress address;
  if (getsockname(socket, address.get(), &address.size) != 0) {
    return base::fail(system_error(kCannotListen, "cannot read the address of a socket"));
  }
  return from_system(address);
}

AcceptState accept_tcp(int listener, Accepted& accepted) {
  SocketAddress peer;
  Fd socket(accept4(listener, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.valid()) {
    switch (errno) {
      case EAGAIN: return AcceptState::kEmpty;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return AcceptState::kNoDescriptors;
      default: return AcceptState::kPeerGone;
    }
  }
  accepted.socket = std::move(socket);
  accepted.peer = from_system(peer);
  return AcceptState::kAccepted;
}

IoResult receive(int socket, std::span<std::byte> into) {
  ssize_t count = 0;
  do {
    count = recv(socket, into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {IoState::kDone, static_cast<std::size_t>(count)};
  if (count == 0) return {IoState::kClosed, 0};
  return io_failure();
}

IoResult send(int socket, base::ByteView bytes) {
  ssize_t count = 0;
  do {
    count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {IoState::kDone, static_cast<std::size_t>(count)};
  return io_failure();
}

void shut_down_sending(int socket) { shutdown(socket, SHUT_WR); }

}  // namespace gate::os
