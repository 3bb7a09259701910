#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "feature/files/file_version.h"
#include "feature/files/local_ref.h"
#include "http/accept_encoding.h"
#include "http/cache_budget.h"
#include "http/media_type.h"
#include "os/root.h"

namespace gate::files {

class FileCache;

// A file by its name, with what lies beside it in compressed form.
class CachedFile final : public http::CacheItem {
 public:
  CachedFile(FileCache& cache, std::string path, std::string_view content_type);

  const std::string& path() const { return path_; }
  const LocalRef<FileVersion>& plain() const { return plain_; }
  std::string_view content_type() const { return content_type_; }
  bool compressible() const { return compressible_; }

  void evict() override;

 private:
  friend class FileCache;

  // "app.js.br" beside "app.js". Absent when it was looked for and not found, which is remembered as well.
  struct Sibling {
    LocalRef<FileVersion> version;
    std::optional<base::Instant> checked;
  };

  FileCache& cache_;
  std::string path_;
  std::string_view content_type_;
  bool compressible_;
  base::Instant checked_;
  LocalRef<FileVersion> plain_;
  std::array<Sibling, http::kContentCodings> siblings_;  // that of identity is never used
};

// The files of one root as one worker has seen them last. What is asked for again within kTrusted costs neither a
// system call nor an allocation, but for the one look at a large file's state; after that the file is looked up anew,
// so that a change is seen at most that much later.
class FileCache {
 public:
  static constexpr std::chrono::seconds kTrusted{1};

  // All of them outlive the cache, and budget also every version handed out.
  FileCache(os::Root root, const base::Clock& clock, const http::MediaTypes& types, http::CacheBudget& budget)
      : root_(std::move(root)), clock_(clock), types_(types), budget_(budget) {}
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;

  // The regular file of that name beneath the root, or why there is none. Valid until the next call of find(). The view
  // is followed by a NUL.
  std::expected<CachedFile*, os::Miss> find(std::string_view path);

  // The form of `file` in that coding, if there is one that is not older than the file itself: a forgotten one must not
  // hide a newer file.
  LocalRef<FileVersion> sibling(CachedFile& file, http::ContentCoding coding);

  // A folder (or anything else) beneath the root, not cached.
  std::expected<os::OpenFile, os::Miss> open(const char* path);

  std::size_t size() const { return files_.size(); }

 private:
  friend class CachedFile;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  bool is_fresh(std::optional<base::Instant> checked, const LocalRef<FileVersion>& version) const;
  void look_at_root();
  std::unique_ptr<CachedFile> take_out(std::string_view path);
  CachedFile* put(std::unique_ptr<CachedFile> file);
  LocalRef<FileVersion> renewed(LocalRef<FileVersion> version, os::OpenFile found, http::ContentCoding coding);

  os::Root root_;
  const base::Clock& clock_;
  const http::MediaTypes& types_;
  http::CacheBudget& budget_;
  std::optional<base::Instant> root_checked_;
  std::unordered_map<std::string, std::unique_ptr<CachedFile>, Hash, std::equal_to<>> files_;
  std::unique_ptr<CachedFile> unkept_;  // the last one that the budget had no room for
};

}  // namespace gate::files
