#include "conf/environment.h"

#include <fmt/format.h>
#include <glob.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "conf/codes.h"
#include "conf/diagnostics.h"

namespace gate::conf {
namespace {

base::Error unreadable(const std::string& path, const std::string& why) {
  return {.code = kCannotReadFile,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot read {}: {}", shown(path), why)};
}

base::Error too_large(const std::string& path, std::size_t bytes_max) {
  return {.code = kFileTooLarge,
          .side = base::Side::kConfiguration,
          .what = fmt::format("{} is larger than {} bytes", shown(path), bytes_max)};
}

// A folder that is absent matches nothing; one that may not be read must not pass for an empty one.
int stop_at_unreadable(const char* /*path*/, int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR ? 0 : 1;
}

}  // namespace

base::Result<std::string> SystemEnvironment::read_file(const std::string& path, std::size_t bytes_max) const {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (failure) return base::fail(unreadable(path, failure.message()));
  // A pipe or a device would block the start, or never end.
  if (!std::filesystem::is_regular_file(status)) return base::fail(unreadable(path, "it is not a regular file"));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(unreadable(path, std::generic_category().message(errno)));
  std::string text;
  std::array<char, 64UL << 10> chunk{};
  while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max) return base::fail(too_large(path, bytes_max));
  }
  if (file.bad()) return base::fail(unreadable(path, "reading failed half-way"));
  return text;
}

base::Result<std::vector<std::string>> SystemEnvironment::matching_files(const std::string& pattern) const {
  glob_t found{};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, globfree);
  const int outcome = glob(pattern.c_str(), 0, stop_at_unreadable, &found);
  if (outcome == GLOB_NOMATCH) return std::vector<std::string>{};
  if (outcome != 0) return base::fail(unreadable(pattern, "a folder on its way cannot be listed"));
  std::vector<std::string> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    // A link that leads nowhere is kept, so that reading it says so.
    std::error_code missing;
    if (!std::filesystem::is_directory(found.gl_pathv[i], missing)) files.emplace_back(found.gl_pathv[i]);
  }
  return files;
}

std::string SystemEnvironment::canonical(const std::string& path) const {
  std::error_code failure;
  const auto result = std::filesystem::weakly_canonical(path, failure);
  return failure ? path : result.string();
}

std::optional<std::string> SystemEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace gate::conf
