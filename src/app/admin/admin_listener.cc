#include "app/admin/admin_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "app/admin/codes.h"
#include "base/bytes.h"
#include "base/text.h"
#include "os/errno.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::string_view kNewSuffix = ".new";
constexpr int kBacklog = 16;

struct UnixAddress {
  sockaddr_un name{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

// Nothing, with errno set, when the path is longer than the system takes.
std::optional<UnixAddress> to_address(const std::string& path) {
  UnixAddress address;
  address.name.sun_family = AF_UNIX;
  const auto room = std::as_writable_bytes(std::span(address.name.sun_path));
  if (path.empty() || path.size() >= room.size()) {
    errno = ENAMETOOLONG;
    return std::nullopt;
  }
  base::copy_bytes(room, base::as_bytes(path));
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

base::Error cannot_open(const std::string& path) {
  return os::system_error(kCannotOpenAdmin, fmt::format("cannot open the admin socket {}", path));
}

// Fails when the path is not free to take.
base::Result<void> check_path(const AdminListener::Options& options) {
  struct stat status{};
  if (::lstat(options.path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return base::fail(
        {.code = kCannotOpenAdmin,
         .what = fmt::format("cannot open the admin socket {}: there is a file of another kind", options.path),
         .why = "it may be somebody's data, so it is left alone",
         .fix = "remove it, or name another path: admin PATH"});
  }
  // A full queue belongs to a server, if a busy one.
  const bool answers = connect_unix(options.path).valid() || errno == EAGAIN;
  if (options.take_over || !answers) return {};
  return base::fail({.code = kServerRunning,
                     .what = fmt::format("another Gate443 is running: it answers at {}", options.path),
                     .why = "two servers cannot share one state folder",
                     .fix = "stop it (gate443 stop), or give this one a state folder of its own (--state DIR)"});
}

}  // namespace

base::Result<AdminListener> AdminListener::open(const Options& options) {
  GATE_TRY(check_path(options));
  // Made ready under another name and then renamed: nobody can connect before its mode is right.
  const std::string fresh = options.path + std::string(kNewSuffix);
  ::unlink(fresh.c_str());
  const auto address = to_address(fresh);
  os::Fd fd(address ? ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1);
  if (!fd.valid() || ::bind(fd.number(), address->get(), address->size) != 0)
    return base::fail(cannot_open(options.path));
  const bool owned = !options.group || ::chown(fresh.c_str(), static_cast<uid_t>(-1), *options.group) == 0;
  const bool ready = owned && ::chmod(fresh.c_str(), 0660) == 0 && ::listen(fd.number(), kBacklog) == 0 &&
                     ::rename(fresh.c_str(), options.path.c_str()) == 0;
  if (!ready) {
    base::Error error = cannot_open(options.path);
    ::unlink(fresh.c_str());
    return base::fail(std::move(error));
  }
  GATE_TRY_ASSIGN(const os::FileFacts facts, os::inspect(options.path));
  return AdminListener(std::move(fd), options.path, facts.device, facts.inode);
}

AdminListener::~AdminListener() {
  if (!fd_.valid()) return;
  const auto facts = os::inspect(path_);
  if (facts && facts->device == device_ && facts->inode == inode_) ::unlink(path_.c_str());
}

os::Fd connect_unix(const std::string& path) {
  const auto address = to_address(path);
  if (!address) return {};
  os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (!fd.valid() || ::connect(fd.number(), address->get(), address->size) != 0) return {};
  return fd;
}

}  // namespace gate::app
