#include "os/root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "os/codes.h"
#include "os/errno.h"

namespace gate::os {
namespace {

// openat2 answers EAGAIN when a rename elsewhere in the tree left it unsure; a tree that changes faster than this is
// reported as busy.
constexpr int kAttempts = 4;

// O_NONBLOCK: opening a pipe without a writer must not stop the worker.
constexpr int kForReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Miss miss_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return Miss::kAbsent;
    case EACCES:
    case EPERM: return Miss::kForbidden;
    case EXDEV:
    case ELOOP: return Miss::kLeavesRoot;
    case ENXIO:
    case ENODEV: return Miss::kSpecial;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return Miss::kExhausted;
    default: return Miss::kBroken;
  }
}

Fd open_beneath(int folder, const char* relative, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 1;; ++attempt) {
    const auto number = ::syscall(SYS_openat2, folder, relative, &how, sizeof how);
    if (number >= 0) return Fd(static_cast<int>(number));
    if ((errno != EAGAIN && errno != EINTR) || attempt == kAttempts) return {};
  }
}

Fd open_folder(const std::string& path) { return Fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)); }

FileStamp stamp_from(const struct stat& facts) {
  const auto modified = std::chrono::seconds{facts.st_mtim.tv_sec} + std::chrono::nanoseconds{facts.st_mtim.tv_nsec};
  return {.device = facts.st_dev,
          .inode = facts.st_ino,
          .size = static_cast<std::uint64_t>(facts.st_size),
          .modified = std::chrono::sys_time<std::chrono::nanoseconds>(modified)};
}

}  // namespace

std::expected<OpenFile, Miss> Root::open(const char* relative) const { return find(relative, kForReading); }

std::expected<OpenFile, Miss> Root::locate(const char* relative) const { return find(relative, O_PATH | O_CLOEXEC); }

std::expected<OpenFile, Miss> Root::find(const char* relative, int flags) const {
  if (!folder_.valid()) return std::unexpected(Miss::kBroken);
  Fd fd = open_beneath(folder_.number(), relative, flags);
  if (!fd.valid()) return std::unexpected(miss_of(errno));
  struct stat facts{};
  if (::fstat(fd.number(), &facts) != 0) return std::unexpected(miss_of(errno));
  const bool folder = S_ISDIR(facts.st_mode);
  if (!folder && !S_ISREG(facts.st_mode)) return std::unexpected(Miss::kSpecial);
  return OpenFile{std::move(fd), stamp_from(facts), folder};
}

Root::Refresh Root::refresh() {
  Fd now = open_folder(path_);
  struct stat facts{};
  if (!now.valid() || ::fstat(now.number(), &facts) != 0) return Refresh::kUnavailable;
  if (folder_.valid() && facts.st_dev == device_ && facts.st_ino == inode_) return Refresh::kSame;
  folder_ = std::move(now);
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
  return Refresh::kReplaced;
}

base::Result<void> Root::check(const std::string& path) {
  const Fd folder = open_folder(path);
  if (!folder.valid()) return base::fail(system_error(kRootUnusable, "cannot serve the folder " + path));
  // A folder may be entered or not, listed or not; serving files by name needs only the first.
  if (::faccessat(folder.number(), ".", X_OK, AT_EACCESS) != 0) {
    return base::fail(system_error(kRootUnusable, "cannot enter the folder " + path));
  }
  const Fd probe = open_beneath(folder.number(), ".", kForReading);
  if (!probe.valid() && errno == ENOSYS) {
    return base::fail({.code = kRootUnusable,
                       .what = "cannot serve files safely on this kernel",
                       .why = "it has no openat2, which keeps symbolic links inside of the folder",
                       .fix = "use Linux 5.6 or later, or a sandbox that lets openat2 through"});
  }
  return {};
}

std::string Root::real_path() const { return folder_.valid() ? real_path_of(folder_.number()) : std::string(); }

std::string real_path_of(int fd) {
  std::array<char, PATH_MAX> text;
  const auto size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), text.data(), text.size());
  const bool whole = size > 0 && static_cast<std::size_t>(size) < text.size() && text.front() == '/';
  return whole ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::expected<FileStamp, Miss> stamp_of(int fd) {
  struct stat facts{};
  if (::fstat(fd, &facts) != 0) return std::unexpected(miss_of(errno));
  return stamp_from(facts);
}

}  // namespace gate::os
