#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace gate::os {

// What tells one state of a file from another.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::chrono::sys_time<std::chrono::nanoseconds> modified;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Why there is no file to be had.
enum class Miss : std::uint8_t {
  kAbsent,
  kFolder,  // there is one, but it is a folder
  kForbidden,
  kLeavesRoot,  // a symbolic link leads out of the root, or in a circle
  kSpecial,     // a device, a pipe, a socket
  kExhausted,   // no descriptor or memory left, or the tree changed under our feet; later it may work
  kBroken,
};

struct OpenFile {
  Fd fd;  // for reading
  FileStamp stamp;
  bool folder = false;
};

// The folder that is served. It is held open, and names are resolved beneath it by the kernel, so that no "..", no
// symbolic link and no race with somebody who changes them can lead out of it.
class Root {
 public:
  // Opens nothing yet: refresh() does.
  explicit Root(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Opens a regular file or a folder. `relative` neither begins with "/" nor is empty; "." is the root itself. Does not
  // wait for pipes or devices.
  std::expected<OpenFile, Miss> open(const char* relative) const;

  // The same, but what it opens cannot be read, only named: it needs no right to read the file.
  std::expected<OpenFile, Miss> locate(const char* relative) const;

  // Where the folder that is open lies, without symbolic links; empty where that cannot be told.
  std::string real_path() const;

  // Opens what the path names now. Another folder may have taken the place of the one that is open: a release that was
  // renamed or relinked. When nothing can be opened the old one stays in use, for that moment lies inside of every
  // two-step replacement.
  enum class Refresh : std::uint8_t { kSame, kReplaced, kUnavailable };
  Refresh refresh();

  // Whether `path` can be a root; the error says why it cannot.
  static base::Result<void> check(const std::string& path);

 private:
  std::expected<OpenFile, Miss> find(const char* relative, int flags) const;

  std::string path_;
  Fd folder_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

// Where an open file or folder lies, without symbolic links; empty where that cannot be told.
std::string real_path_of(int fd);

// The state of an open file.
std::expected<FileStamp, Miss> stamp_of(int fd);

}  // namespace gate::os
