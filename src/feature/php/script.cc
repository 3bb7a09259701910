#include "feature/php/script.h"

#include <algorithm>

#include "http/arena_text.h"
#include "http/relative_path.h"

namespace gate::php {
namespace {

using Found = std::expected<Script, ScriptFinder::NoScript>;

// Whether there may be a script further behind: below a folder that is called like one.
bool goes_on(const Found& found) { return !found && found.error().reason == os::Miss::kFolder; }

bool is_absent(const Found& found) { return !found && found.error().miss == ScriptFinder::Miss::kNotFound; }

}  // namespace

Found ScriptFinder::find(std::string_view path, base::Arena& arena) {
  if (!path.starts_with('/')) return std::unexpected(NoScript{});  // "OPTIONS *"
  root_.refresh();
  const auto named = find_named(path, arena);
  return is_absent(named) && path.ends_with('/') ? find_index(path, arena) : named;
}

// Each segment that ends like a script may be it, and what follows the path info; the first that exists is. Where one
// does not exist nothing behind it does, so that a long path costs no more than a short one.
Found ScriptFinder::find_named(std::string_view path, base::Arena& arena) {
  for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto name = path.substr(0, end);
    if (has_suffix(name)) {
      auto found = locate(name, arena);
      if (found) found->path_info = path.substr(name.size());
      if (!goes_on(found)) return found;
    }
    if (end == std::string_view::npos) return std::unexpected(NoScript{});
  }
}

Found ScriptFinder::find_index(std::string_view folder, base::Arena& arena) {
  for (const auto& index : index_) {
    auto found = locate(http::join(arena, {folder, index}), arena);
    if (!is_absent(found)) return found;
  }
  return std::unexpected(NoScript{});
}

Found ScriptFinder::locate(std::string_view name, base::Arena& arena) {
  http::RelativePath relative;
  if (!relative.assign(name, "")) return std::unexpected(NoScript{});
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the text of a RelativePath ends in NUL
  const auto file = root_.locate(relative.text().data());
  if (!file) {
    const bool absent = file.error() == os::Miss::kAbsent;
    return std::unexpected(NoScript{absent ? Miss::kNotFound : Miss::kUnusable, file.error()});
  }
  if (file->folder) return std::unexpected(NoScript{Miss::kNotFound, os::Miss::kFolder});
  const std::string real = os::real_path_of(file->fd.number());
  const std::string folder = root_.real_path();
  if (real.empty() || folder.empty()) return std::unexpected(NoScript{Miss::kUnusable, os::Miss::kBroken});
  if (!has_suffix(real)) return std::unexpected(NoScript{Miss::kOtherSuffix, os::Miss::kSpecial});
  return Script{.name = name, .path_info = {}, .file = arena.copy(real), .folder = arena.copy(folder)};
}

bool ScriptFinder::has_suffix(std::string_view name) const {
  return std::ranges::any_of(suffixes_, [&](const std::string& suffix) { return name.ends_with(suffix); });
}

}  // namespace gate::php
