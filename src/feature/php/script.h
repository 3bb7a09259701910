#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "os/root.h"

namespace gate::php {

// A script that a request is for. Its text lives in the arena that was given, or with the path.
struct Script {
  std::string_view name;       // of the request's path, what names the script: "/blog/index.php"
  std::string_view path_info;  // what stands behind it: "/2024/may", or empty
  std::string_view file;       // where it lies: "/srv/www/blog/index.php"
  std::string_view folder;     // the root of the scripts: "/srv/www"
};

// Finds scripts below a folder. A script is a regular file whose name ends with one of the suffixes, so that a request
// for "/upload/image.jpg/x.php" never runs the image.
class ScriptFinder {
 public:
  // Both outlive it. A suffix begins with a dot.
  ScriptFinder(const std::string& root, const std::vector<std::string>& suffixes, const std::vector<std::string>& index)
      : root_(root), suffixes_(suffixes), index_(index) {}

  enum class Miss : std::uint8_t {
    kNotFound,     // no script is meant
    kOtherSuffix,  // one is, but the name is a link to a file of another suffix
    kUnusable,     // one is, but cannot be had: see `reason`
  };
  struct NoScript {
    Miss miss = Miss::kNotFound;
    os::Miss reason = os::Miss::kAbsent;
  };

  // `path` is decoded, without dot segments.
  std::expected<Script, NoScript> find(std::string_view path, base::Arena& arena);

 private:
  std::expected<Script, NoScript> find_named(std::string_view path, base::Arena& arena);
  std::expected<Script, NoScript> find_index(std::string_view folder, base::Arena& arena);
  std::expected<Script, NoScript> locate(std::string_view name, base::Arena& arena);
  bool has_suffix(std::string_view name) const;

  os::Root root_;
  const std::vector<std::string>& suffixes_;
  const std::vector<std::string>& index_;
};

}  // namespace gate::php
