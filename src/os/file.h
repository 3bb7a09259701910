#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "os/fd.h"

namespace gate::os {

// The whole of a regular file. More than `bytes_max` bytes is an error, and so is anything that is not a regular file.
base::Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

// Replaces the file at `path`, or creates it, so that a reader and a crash see either the old content or the new one,
// never a part. The new file has exactly `mode`; run as root it keeps the owner of the file it replaces. A symbolic
// link at `path` is replaced, not followed. On failure the old file is untouched and nothing is left behind.
base::Result<void> write_file_atomically(const std::string& path, std::string_view bytes, mode_t mode);

// Creates `path` and whatever is missing above it with `mode` (less the umask). Fine when it exists.
base::Result<void> make_directories(const std::string& path, mode_t mode);

// Makes `path` and everything below it the user's and the group's. Links are changed themselves, not followed.
base::Result<void> give_folder(const std::string& path, uid_t user, gid_t group);

// Removes a file; fine when there is none.
base::Result<void> remove_file(const std::string& path);

// Gives the file at `path` a second name; fine when that exists already.
base::Result<void> link_file(const std::string& path, const std::string& second);

// Renames a file, replacing what is at `to`, so that a crash leaves the one name or the other.
base::Result<void> rename_file(const std::string& from, const std::string& to);

// Writes all of `bytes`, however often the system takes only a part. For blocking descriptors. False with errno set.
bool write_all(int fd, base::ByteView bytes);

// What the system knows about a file, links followed.
struct FileFacts {
  std::uint64_t size = 0;
  base::WallTime modified;
  std::uint64_t device = 0;  // device and inode together name the file, whatever its path
  std::uint64_t inode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  // permission bits
  bool regular = false;
  bool directory = false;

  bool same_file(const FileFacts& other) const { return device == other.device && inode == other.inode; }
};
base::Result<FileFacts> inspect(const std::string& path);
base::Result<FileFacts> inspect(int fd);

// Fails unless the file belongs to this process's user or to root (for root also: to the owner of its folder), and
// neither group nor others can write it, nor others read it: the least a private key needs. `what` names its use:
// "private key".
base::Result<void> check_private(const std::string& path, std::string_view what);

// An advisory lock between processes, held by a file that is created and stays. The lock ends with the object or with
// the process, however that dies.
class FileLock {
 public:
  // Fails with kLockedByAnother, and does not wait, when another process or object holds it; the error names that
  // process, whose number stands in the file.
  static base::Result<FileLock> acquire(const std::string& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace gate::os
