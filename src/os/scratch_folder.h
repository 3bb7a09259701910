#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace gate::os {

// A folder of our own among the machine's temporary ones, for nobody else to read. Goes with everything in it when the
// object does.
class ScratchFolder {
 public:
  // "/tmp/gate443-bench-Xq3fR1" for the purpose "bench". kCannotMakeFolder where it cannot be made.
  static base::Result<ScratchFolder> create(std::string_view purpose);

  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace gate::os
