#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "feature/files/file_cache.h"
#include "os/root.h"

namespace gate::files {

struct ListedFile {
  std::string name;
  bool folder = false;
  std::uint64_t size = 0;  // 0 for folders
  std::chrono::sys_seconds modified;
};

// What a folder shows of itself: what could be asked for by name, folders first, sorted by name.
struct Listing {
  // Bounds the work of one request; what a folder holds beyond it is not shown.
  static constexpr std::size_t kFilesMax = 4096;

  std::vector<ListedFile> files;
  bool cut_off = false;
};

// Reads the folder `path` ("." for the root), which is open already. Names beginning with a dot, special files and
// links that lead out of the root are left out.
Listing read_listing(os::OpenFile folder, std::string_view path, FileCache& cache);

// A page that needs nothing else. `url_path` is the decoded path of the request.
std::string listing_as_html(const Listing& listing, std::string_view url_path);

// {"path":"/a/","files":[{"name":"b.txt","type":"file","size":1,"modified":"2026-07-01T00:00:00Z"}],"complete":true}
std::string listing_as_json(const Listing& listing, std::string_view url_path);

}  // namespace gate::files
