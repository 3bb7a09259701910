#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/notify.h"
#include "os/socket.h"

namespace gate::os {
namespace {

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START
constexpr std::size_t kPassedMax = 1024;
constexpr const char* kHandedOver = "GATE443_HANDED_OVER_FDS";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

base::Error bad_activation(std::string what) {
  return {.code = kBadActivation,
          .side = base::Side::kConfiguration,
          .what = std::move(what),
          .why = "the service manager hands over sockets that this program cannot use",
          .fix = "in the .socket unit use ListenStream= and ListenDatagram= with addresses only, and Accept=no"};
}

// How many descriptors were passed to this very process.
base::Result<std::size_t> passed_count() {
  if (const std::string count = variable(kHandedOver); !count.empty()) {
    const auto number = base::parse_number<std::size_t>(count);
    if (!number || *number > kPassedMax)
      return base::fail(bad_activation(fmt::format("{} is \"{}\"", kHandedOver, count)));
    return *number;
  }
  const std::string count = variable("LISTEN_FDS");
  // The variables of a parent's activation are inherited by mistake, the descriptors are not.
  if (count.empty() || base::parse_number<pid_t>(variable("LISTEN_PID")) != ::getpid()) return 0;
  const auto number = base::parse_number<std::size_t>(count);
  if (!number || *number > kPassedMax) return base::fail(bad_activation(fmt::format("LISTEN_FDS is \"{}\"", count)));
  return *number;
}

// A number the system keeps of a socket; nothing for what is no socket.
std::optional<int> socket_fact(int fd, int fact) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, fact, &value, &size) == 0 ? std::optional(value) : std::nullopt;
}

// What can be taken over: listening TCP and UDP sockets.
std::optional<Transport> transport_of(int fd) {
  const auto domain = socket_fact(fd, SO_DOMAIN);
  if (domain != AF_INET && domain != AF_INET6) return std::nullopt;
  if (socket_fact(fd, SO_TYPE) == SOCK_DGRAM) return Transport::kUdp;
  return socket_fact(fd, SO_ACCEPTCONN) == 1 ? std::optional(Transport::kTcp) : std::nullopt;
}

base::Result<InheritedSocket> adopt(int number, std::string_view name) {
  Fd fd(number);
  const auto transport = transport_of(number);
  if (!transport) {
    return base::fail(
        bad_activation(fmt::format("descriptor {} is neither a listening TCP socket nor a UDP socket", number)));
  }
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
  GATE_TRY_ASSIGN(const base::Endpoint address, local_endpoint(number));
  return InheritedSocket{.fd = std::move(fd), .address = address, .transport = *transport, .name = std::string(name)};
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.socket_path_ = variable("NOTIFY_SOCKET");
  const auto microseconds = base::parse_number<std::int64_t>(variable("WATCHDOG_USEC"));
  const std::string pid = variable("WATCHDOG_PID");
  const bool ours = pid.empty() || base::parse_number<pid_t>(pid) == ::getpid();
  if (microseconds && *microseconds > 0 && ours) manager.watchdog_ = std::chrono::microseconds(*microseconds);
  return manager;
}

base::Result<void> ServiceManager::ready(std::string_view status) const {
  return send(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

base::Result<void> ServiceManager::reloading() const {
  // Type=notify-reload wants the moment, so that it can tell this reload from an earlier one.
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

base::Result<void> ServiceManager::stopping(std::string_view status) const {
  return send(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

base::Result<void> ServiceManager::status(std::string_view text) const {
  return send(fmt::format("STATUS={}", one_line(text)));
}

base::Result<void> ServiceManager::main_process(pid_t pid) const { return send(fmt::format("MAINPID={}", pid)); }

base::Result<void> ServiceManager::alive() const { return send("WATCHDOG=1"); }

base::Result<void> ServiceManager::send(const std::string& message) const {
  if (!present()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto room = std::as_writable_bytes(std::span(address.sun_path));
  if (socket_path_.size() >= room.size()) {
    return base::fail({.code = kNotifyFailed, .what = fmt::format("NOTIFY_SOCKET is too long: {}", socket_path_)});
  }
  base::copy_bytes(room, base::as_bytes(socket_path_));
  if (socket_path_.front() == '@') address.sun_path[0] = '\0';  // an abstract name (unix(7))
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const ssize_t sent = !fd.valid() ? -1
                                   : ::sendto(fd.number(), message.data(), message.size(), MSG_NOSIGNAL,
                                              reinterpret_cast<const sockaddr*>(&address), length);
  if (sent < 0) return base::fail(system_error(kNotifyFailed, "cannot tell the service manager"));
  return {};
}

base::Result<std::vector<InheritedSocket>> take_inherited_sockets() {
  const auto count = passed_count();
  const std::string names = variable("LISTEN_FDNAMES");
  for (const char* name : {kHandedOver, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!count) return std::unexpected(count.error());
  std::vector<InheritedSocket> sockets;
  std::string_view rest = names;
  for (std::size_t i = 0; i < *count; ++i) {
    GATE_TRY_ASSIGN(auto socket, adopt(kFirstPassed + static_cast<int>(i), base::split_off(rest, ':')));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

std::string handed_over_variable(std::size_t count) { return fmt::format("{}={}", kHandedOver, count); }

}  // namespace gate::os
