#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace gate::app {

// A listening Unix socket with mode 0660. It appears at its path at once with this mode; the path is removed with the
// object, unless another server has put its own there meanwhile.
class AdminListener {
 public:
  struct Options {
    std::string path;
    std::optional<gid_t> group{};  // whose members may use it, besides the owner
    bool take_over = false;        // replace the socket of a server that still answers: it is handing over to us
  };

  // A socket file that nobody answers at is replaced. Fails with kServerRunning when somebody does, and does not touch
  // what is no socket.
  static base::Result<AdminListener> open(const Options& options);

  AdminListener(AdminListener&& other) noexcept = default;
  AdminListener& operator=(AdminListener&&) = delete;
  ~AdminListener();

  int fd() const { return fd_.number(); }
  const std::string& path() const { return path_; }

 private:
  AdminListener(os::Fd fd, std::string path, std::uint64_t device, std::uint64_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  os::Fd fd_;
  std::string path_;
  std::uint64_t device_;
  std::uint64_t inode_;
};

// Connects to the Unix socket at `path`. Invalid with errno set on failure; EAGAIN when its queue stays full for
// seconds.
os::Fd connect_unix(const std::string& path);

}  // namespace gate::app
