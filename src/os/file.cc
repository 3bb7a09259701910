#include "os/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"

namespace gate::os {
namespace {

FileFacts to_facts(const struct stat& status) {
  const auto since_epoch =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .modified = base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(since_epoch)),
          .device = status.st_dev,
          .inode = status.st_ino,
          .owner = status.st_uid,
          .group = status.st_gid,
          .mode = status.st_mode & 07777,
          .regular = S_ISREG(status.st_mode),
          .directory = S_ISDIR(status.st_mode)};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Appends everything `fd` has to `text`; stops once there is more than `bytes_max`. False with errno set.
bool append_content(int fd, std::size_t bytes_max, std::string& text) {
  std::array<char, 16 * 1024> block;
  while (text.size() <= bytes_max) {
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return true;
}

// A file beside its future place. Removes itself unless it was renamed there.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& beside)
      : path_(beside + ".XXXXXX"), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_.valid()) ::unlink(path_.c_str());
  }

  bool valid() const { return fd_.valid(); }
  int number() const { return fd_.number(); }

  bool rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return false;
    fd_.close();
    return true;
  }

 private:
  std::string path_;
  Fd fd_;
};

// Root's rewrite of a file must not lock out the user it belongs to.
bool keep_owner(int fd, const std::string& replaced) {
  if (::geteuid() != 0) return true;
  struct stat status{};
  if (::lstat(replaced.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return true;
  return ::fchown(fd, status.st_uid, status.st_gid) == 0;
}

// Makes the rename itself survive a crash.
bool sync_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.number()) == 0;
}

// Ourselves, root, or, when we are root in a folder of somebody else, such as a service's state, whoever owns that.
base::Result<bool> may_own_secret(uid_t owner, const std::string& path) {
  const uid_t self = ::geteuid();
  if (owner == self || owner == 0) return true;
  if (self != 0) return false;
  GATE_TRY_ASSIGN(const FileFacts folder, inspect(folder_of(path)));
  return owner == folder.owner;
}

constexpr std::size_t kPidDigitsMax = 20;

// For whoever finds the lock taken. On a full disk the lock holds without it.
void name_holder(int fd) {
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, pid.data(), pid.size(), 0);
}

std::string holder_of(int fd) {
  std::array<char, kPidDigitsMax> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  std::string_view rest(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto pid = base::parse_number<pid_t>(base::split_off(rest, '\n'));
  return pid ? fmt::format("process {}", *pid) : std::string("another process");
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return base::fail(system_error(kCannotReadFile, fmt::format("cannot read {}", path)));
  GATE_TRY_ASSIGN(const FileFacts facts, inspect(fd.number()));
  if (!facts.regular) {
    return base::fail(
        {.code = kNotAFile,
         .what = fmt::format("cannot read {}: it is {}", path, facts.directory ? "a folder" : "no regular file"),
         .fix = "name a file"});
  }
  std::string text;
  text.reserve(std::min<std::size_t>(bytes_max, facts.size));
  if (!append_content(fd.number(), bytes_max, text)) {
    return base::fail(system_error(kCannotReadFile, fmt::format("cannot read {}", path)));
  }
  if (text.size() > bytes_max) {
    return base::fail({.code = kFileTooLarge,
                       .what = fmt::format("cannot read {}: it is larger than {} bytes", path, bytes_max),
                       .why = "a file of this kind is never that large",
                       .fix = "check that it is the right file"});
  }
  return text;
}

bool write_all(int fd, base::ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

base::Result<void> write_file_atomically(const std::string& path, std::string_view bytes, mode_t mode) {
  TemporaryFile file(path);
  const bool replaced = file.valid() && keep_owner(file.number(), path) && ::fchmod(file.number(), mode) == 0 &&
                        write_all(file.number(), base::as_bytes(bytes)) && ::fsync(file.number()) == 0 &&
                        file.rename_to(path) && sync_folder(folder_of(path));
  if (!replaced) return base::fail(system_error(kCannotWriteFile, fmt::format("cannot write {}", path)));
  return {};
}

base::Result<void> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string folder = path.substr(0, end);
    if (::mkdir(folder.c_str(), mode) != 0) {
      const int number = errno;
      struct stat status{};
      const bool exists = ::stat(folder.c_str(), &status) == 0;
      if (!exists || !S_ISDIR(status.st_mode)) {
        return base::fail(system_error(kCannotMakeFolder, fmt::format("cannot create the folder {}", folder), number));
      }
    }
    if (end == std::string::npos) return {};
  }
}

base::Result<void> give_folder(const std::string& path, uid_t user, gid_t group) {
  const auto give = [&](const std::string& each) { return ::lchown(each.c_str(), user, group) == 0; };
  bool given = give(path);
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(path, error);
       given && !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    given = give(entry->path().string());
  }
  if (!given) return base::fail(system_error(kCannotWriteFile, "cannot give " + path + " to its user"));
  if (error) return base::fail(system_error(kCannotWriteFile, "cannot give " + path + " to its user", error.value()));
  return {};
}

base::Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return base::fail(system_error(kCannotWriteFile, fmt::format("cannot remove {}", path)));
}

base::Result<void> link_file(const std::string& path, const std::string& second) {
  if (::link(path.c_str(), second.c_str()) == 0 || errno == EEXIST) return {};
  return base::fail(system_error(kCannotWriteFile, fmt::format("cannot create {}", second)));
}

base::Result<void> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0 && sync_folder(folder_of(to))) return {};
  return base::fail(system_error(kCannotWriteFile, fmt::format("cannot rename {}", from)));
}

base::Result<FileFacts> inspect(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return base::fail(system_error(kCannotReadFile, fmt::format("cannot look at {}", path)));
  }
  return to_facts(status);
}

base::Result<FileFacts> inspect(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return base::fail(system_error(kCannotReadFile, "cannot look at an open file"));
  return to_facts(status);
}

base::Result<void> check_private(const std::string& path, std::string_view what) {
  GATE_TRY_ASSIGN(const FileFacts facts, inspect(path));
  GATE_TRY_ASSIGN(const bool known_owner, may_own_secret(facts.owner, path));
  if (!known_owner) {
    return base::fail({.code = kUnsafeFileMode,
                       .what = fmt::format("the {} {} belongs to another user (uid {})", what, path, facts.owner),
                       .why = "whoever owns it can replace it",
                       .fix = fmt::format("chown {} {}", ::geteuid(), path)});
  }
  constexpr mode_t kForbidden = S_IWGRP | S_IROTH | S_IWOTH;
  if ((facts.mode & kForbidden) != 0) {
    return base::fail({.code = kUnsafeFileMode,
                       .what = fmt::format("the {} {} is open to other users (mode {:04o})", what, path, facts.mode),
                       .why = "anybody on this machine could read or replace it",
                       .fix = fmt::format("chmod 0600 {}", path)});
  }
  return {};
}

base::Result<FileLock> FileLock::acquire(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return base::fail(system_error(kCannotLock, fmt::format("cannot open the lock {}", path)));
  if (::flock(fd.number(), LOCK_EX | LOCK_NB) == 0) {
    name_holder(fd.number());
    return FileLock(std::move(fd));
  }
  if (errno != EWOULDBLOCK) return base::fail(system_error(kCannotLock, fmt::format("cannot lock {}", path)));
  return base::fail({.code = kLockedByAnother,
                     .retry = base::Retry::kLater,
                     .what = fmt::format("{} is locked", path),
                     .why = fmt::format("{} is using this folder", holder_of(fd.number())),
                     .fix = "wait for it to finish, or end it"});
}

}  // namespace gate::os
