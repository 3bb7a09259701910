#include "os/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/fd.h"

namespace gate::os {
namespace {

// Makes a file that was created survive a crash.
bool sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.number()) == 0;
}

}  // namespace

base::Result<void> write_behind(const std::string& path, std::uint64_t kept, std::string_view bytes, mode_t mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
  const auto offset = static_cast<off_t>(kept);
  const bool written =
      fd.valid() && ::ftruncate(fd.number(), offset) == 0 && ::lseek(fd.number(), offset, SEEK_SET) == offset &&
      write_all(fd.number(), base::as_bytes(bytes)) && ::fsync(fd.number()) == 0 && (kept != 0 || sync_folder_of(path));
  if (!written) return base::fail(system_error(kCannotWriteFile, fmt::format("cannot write {}", path)));
  return {};
}

base::Result<FileLock> wait_for_lock(const std::string& path) {
  constexpr int kAttempts = 200;
  constexpr std::chrono::milliseconds kPause{10};
  for (int attempt = 1;; ++attempt) {
    auto held = FileLock::acquire(path);
    const bool busy = !held.has_value() && held.error().code == kLockedByAnother;
    if (!busy || attempt == kAttempts) return held;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace gate::os
