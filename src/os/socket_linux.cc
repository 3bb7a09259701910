#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/socket.h"
#include "os/system_address.h"

namespace gate::os {
namespace {

bool switch_on(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0;
}

base::Error listen_error(const base::Endpoint& address, Transport transport) {
  const int number = errno;
  auto error = system_error(kCannotListen,
                            fmt::format("cannot listen on {} ({})", address.to_string(), to_string(transport)), number);
  if (number == EADDRINUSE) error.code = kPortInUse;
  if (number == EACCES && address.port < 1024) error.code = kLowPortRefused;
  return error;
}

IoResult io_failure() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoState::kWouldBlock, 0};
  return {IoState::kFailed, 0};
}

// A socket bound to `address`; invalid, with errno set, when that failed.
Fd bound_socket(const base::Endpoint& address, Transport transport, bool shared) {
  const int family = address.address.is_v4() ? AF_INET : AF_INET6;
  const int type = transport == Transport::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd socket(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  auto name = to_system(address);
  // On TCP it lets a new server in while connections of an old one linger. On UDP it would let two servers in.
  const bool reuse = transport == Transport::kTcp;
  const bool bound = socket.valid() && (!reuse || switch_on(socket.number(), SOL_SOCKET, SO_REUSEADDR)) &&
                     (!shared || switch_on(socket.number(), SOL_SOCKET, SO_REUSEPORT)) &&
                     (family == AF_INET || switch_on(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
                     bind(socket.number(), name.get(), name.size) == 0;
  return bound ? std::move(socket) : Fd();
}

IoResult receive_with(int socket, std::span<std::byte> into, int flags) {
  ssize_t count = 0;
  do {
    count = recv(socket, into.data(), into.size(), flags);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {IoState::kDone, static_cast<std::size_t>(count)};
  if (count == 0) return {IoState::kClosed, 0};
  return io_failure();
}

}  // namespace

base::Result<Fd> listen_tcp(const base::Endpoint& address) {
  constexpr int kBacklog = 4096;  // cut to net.core.somaxconn by the kernel
  Fd socket = bound_socket(address, Transport::kTcp, true);
  // Accepted sockets inherit TCP_NODELAY.
  const bool listening =
      socket.valid() && switch_on(socket.number(), IPPROTO_TCP, TCP_NODELAY) && listen(socket.number(), kBacklog) == 0;
  if (!listening) return base::fail(listen_error(address, Transport::kTcp));
  return socket;
}

base::Result<Fd> bind_udp(const base::Endpoint& address) {
  Fd socket = bound_socket(address, Transport::kUdp, true);
  if (!socket.valid()) return base::fail(listen_error(address, Transport::kUdp));
  return socket;
}

base::Result<void> check_port_free(const base::Endpoint& address, Transport transport) {
  if (!bound_socket(address, transport, false).valid()) return base::fail(listen_error(address, transport));
  return {};
}

base::Result<base::Endpoint> local_endpoint(int socket) {
  SystemAddress address;
  if (getsockname(socket, address.get(), &address.size) != 0) {
    return base::fail(system_error(kCannotListen, "cannot read the address of a socket"));
  }
  return from_system(address);
}

AcceptState accept_tcp(int listener, Accepted& accepted) {
  SystemAddress peer;
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

namespace {

// EINPROGRESS is on its way, EAGAIN a Unix socket whose listener's queue is full.
std::expected<Fd, int> connecting(Fd socket, const sockaddr* address, socklen_t size) {
  if (!socket.valid()) return std::unexpected(errno);
  if (connect(socket.number(), address, size) != 0 && errno != EINPROGRESS) return std::unexpected(errno);
  return socket;
}

}  // namespace

std::expected<Fd, int> start_connecting(const base::Endpoint& address) {
  constexpr int kIdleSeconds = 60;
  auto to = to_system(address);
  Fd socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.valid()) {
    switch_on(socket.number(), IPPROTO_TCP, TCP_NODELAY);
    switch_on(socket.number(), SOL_SOCKET, SO_KEEPALIVE);
    setsockopt(socket.number(), IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof kIdleSeconds);
  }
  return connecting(std::move(socket), to.get(), to.size);
}

std::expected<Fd, int> start_connecting(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(ENAMETOOLONG);
  base::copy_bytes(std::as_writable_bytes(std::span(address.sun_path)), base::as_bytes(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return connecting(std::move(socket), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::expected<Fd, int> connect_udp(const base::Endpoint& peer) {
  auto to = to_system(peer);
  return connecting(Fd(::socket(to.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), to.get(),
                    to.size);
}

int connect_outcome(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

bool has_input_or_ended(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

bool has_ended(int socket) {
  pollfd watched{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&watched, 1, 0) > 0;
}

IoResult receive(int socket, std::span<std::byte> into) { return receive_with(socket, into, 0); }
IoResult peek(int socket, std::span<std::byte> into) { return receive_with(socket, into, MSG_PEEK); }

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
