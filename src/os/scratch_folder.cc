#include "os/scratch_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <system_error>

#include "os/codes.h"
#include "os/errno.h"

namespace gate::os {

base::Result<ScratchFolder> ScratchFolder::create(std::string_view purpose) {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (error) return base::fail(system_error(kCannotMakeFolder, "cannot find the temporary folder", error.value()));
  std::string path = (parent / fmt::format("gate443-{}-XXXXXX", purpose)).string();
  if (::mkdtemp(path.data()) == nullptr) {
    return base::fail(system_error(kCannotMakeFolder, fmt::format("cannot make a folder in {}", parent.string())));
  }
  return ScratchFolder(std::move(path));
}

ScratchFolder::~ScratchFolder() {
  if (path_.empty()) return;
  std::error_code ignored;  // what cannot be removed stays for the system to clear away
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gate::os
