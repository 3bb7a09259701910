#include "app/backup.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "app/codes.h"
#include "base/text.h"
#include "cert/archive.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::string_view kAside = "before-restore-";
constexpr std::string_view kFresh = ".restoring";
constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

// What belongs to a running process, or to an earlier restore.
bool is_left_out(const std::filesystem::path& relative) {
  const std::string top = relative.begin()->string();
  const std::string name = relative.filename().string();
  return top.starts_with(kAside) || top == kFresh || name == "lock" || name.ends_with(".lock");
}

base::Result<std::vector<cert::ArchivedFile>> collect(const std::string& folder) {
  std::vector<cert::ArchivedFile> files;
  std::error_code error;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (Walk at(folder, error), end; !error && at != end; at.increment(error)) {
    const auto relative = at->path().lexically_relative(folder);
    if (std::error_code ignored; !at->is_regular_file(ignored) || at->is_symlink(ignored)) continue;
    if (is_left_out(relative) || !cert::is_archive_path(relative.string())) continue;
    GATE_TRY_ASSIGN(auto content, os::read_file(at->path().string(), kFileBytesMax));
    files.push_back({relative.string(), std::move(content)});
  }
  if (error) {
    return base::fail({.code = kCannotBackUp,
                       .side = base::Side::kSystem,
                       .what = fmt::format("cannot read the folder {}", folder),
                       .why = error.message(),
                       .fix = "name the state folder with --state, and run this as root or as its owner"});
  }
  std::ranges::sort(files, {}, &cert::ArchivedFile::path);
  return files;
}

// Everything below `fresh`, and the names at its top.
base::Result<std::set<std::string>> unpack(const std::vector<cert::ArchivedFile>& files, const std::string& fresh) {
  std::set<std::string> tops;
  for (const auto& each : files) {
    const std::string path = fmt::format("{}/{}", fresh, each.path);
    GATE_TRY(os::make_directories(path.substr(0, path.rfind('/')), 0700));
    GATE_TRY(os::write_file_atomically(path, each.content, 0600));
    std::string_view rest = each.path;
    tops.emplace(base::split_off(rest, '/'));
  }
  return tops;
}

base::Result<void> exchange(const std::string& state, const std::string& fresh, const std::string& aside,
                            const std::set<std::string>& tops) {
  for (const auto& top : tops) {
    const std::string place = fmt::format("{}/{}", state, top);
    if (os::inspect(place)) {
      GATE_TRY(os::make_directories(aside, 0700));
      GATE_TRY(os::rename_file(place, fmt::format("{}/{}", aside, top)));
    }
    GATE_TRY(os::rename_file(fmt::format("{}/{}", fresh, top), place));
  }
  return {};
}

}  // namespace

base::Result<std::size_t> back_up(const std::string& state_folder, const std::string& file) {
  GATE_TRY_ASSIGN(const auto files, collect(state_folder));
  GATE_TRY(os::write_file_atomically(file, cert::write_archive(files), 0600));
  return files.size();
}

base::Result<Restored> restore(const std::string& state_folder, const std::string& file, base::WallTime now) {
  GATE_TRY_ASSIGN(const auto text, os::read_file(file, cert::kArchiveBytesMax));
  GATE_TRY_ASSIGN(const auto files, cert::read_archive(text, file));
  GATE_TRY(os::make_directories(state_folder, 0750));
  GATE_TRY_ASSIGN(const auto owner, os::inspect(state_folder));
  const std::string fresh = fmt::format("{}/{}", state_folder, kFresh);
  std::error_code ignored;  // what an earlier restore has left, which was killed; writing tells what is wrong
  std::filesystem::remove_all(fresh, ignored);
  GATE_TRY(os::make_directories(fresh, 0700));
  GATE_TRY_ASSIGN(const auto tops, unpack(files, fresh));
  GATE_TRY(os::give_folder(fresh, owner.owner, owner.group));
  const std::string aside = fmt::format("{}/{}{:%Y%m%dT%H%M%SZ}", state_folder, kAside,
                                        fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  GATE_TRY(exchange(state_folder, fresh, aside, tops));
  std::filesystem::remove_all(fresh, ignored);
  return Restored{.files = files.size(), .aside = os::inspect(aside) ? aside : std::string()};
}

}  // namespace gate::app
