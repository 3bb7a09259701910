#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gate::cert {

// One file of an archive.
struct ArchivedFile {
  std::string path;  // relative, without "." and ".."
  std::string content;

  friend bool operator==(const ArchivedFile&, const ArchivedFile&) = default;
};

inline constexpr std::size_t kArchiveBytesMax = std::size_t{512} << 20;  // 100 000 sites; it is held in memory
inline constexpr std::size_t kArchiveFilesMax = 1'000'000;

// A tar archive (POSIX.1-2008 pax) of regular files with mode 0600, which every tar can list and unpack.
std::string write_archive(std::span<const ArchivedFile> files);

// Reads an archive that write_archive has written, and refuses every other: kBadArchive, with `origin` for its name.
// Strict, because it comes from outside: whole, checksums right, regular files only, no path that leads elsewhere, none
// twice.
base::Result<std::vector<ArchivedFile>> read_archive(std::string_view archive, std::string_view origin);

// Whether the path stays where it is put: relative, no empty part, no "." and "..", printable.
bool is_archive_path(std::string_view path);

}  // namespace gate::cert
