#include "feature/files/file_cache.h"

#include <utility>

namespace gate::files {
namespace {

std::string_view sibling_suffix(http::ContentCoding coding) {
  switch (coding) {
    case http::ContentCoding::kIdentity: return "";
    case http::ContentCoding::kGzip: return ".gz";
    case http::ContentCoding::kBrotli: return ".br";
    case http::ContentCoding::kZstd: return ".zst";
  }
  return "";
}

}  // namespace

CachedFile::CachedFile(FileCache& cache, std::string path, std::string_view content_type)
    : cache_(cache),
      path_(std::move(path)),
      content_type_(content_type),
      compressible_(http::is_compressible(content_type)) {}

void CachedFile::evict() { cache_.files_.erase(cache_.files_.find(path_)); }

std::expected<CachedFile*, os::Miss> FileCache::find(std::string_view path) {
  if (const auto known = files_.find(path);
      known != files_.end() && is_fresh(known->second->checked_, known->second->plain_)) {
    budget_.touch(*known->second);
    return known->second.get();
  }
  look_at_root();
  // Out of the map while it is worked on: making room for its new content must not evict it.
  auto file = take_out(path);
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the text of a RelativePath ends in NUL
  auto found = root_.open(path.data());
  if (!found) return std::unexpected(found.error());
  if (found->folder) return std::unexpected(os::Miss::kFolder);
  if (!file) file = std::make_unique<CachedFile>(*this, std::string(path), types_.of(path));
  file->plain_ = renewed(std::move(file->plain_), *std::move(found), http::ContentCoding::kIdentity);
  file->checked_ = clock_.now();
  return put(std::move(file));
}

// Content behind a descriptor can change under our feet, so its state is asked for each time: one call, where reading
// it takes many.
bool FileCache::is_fresh(std::optional<base::Instant> checked, const LocalRef<FileVersion>& version) const {
  return checked && clock_.now() - *checked < kTrusted && (!version || version->in_memory() || version->unchanged());
}

void FileCache::look_at_root() {
  if (root_checked_ && clock_.now() - *root_checked_ < kTrusted) return;
  root_checked_ = clock_.now();
  if (root_.refresh() == os::Root::Refresh::kReplaced) files_.clear();
}

std::unique_ptr<CachedFile> FileCache::take_out(std::string_view path) {
  const auto known = files_.find(path);
  if (known == files_.end()) return nullptr;
  auto file = std::move(known->second);
  files_.erase(known);
  file->unlink();
  return file;
}

CachedFile* FileCache::put(std::unique_ptr<CachedFile> file) {
  CachedFile* const lent = file.get();
  if (lent->plain_->kept()) {
    budget_.touch(*lent);
    files_.insert_or_assign(lent->path_, std::move(file));
  } else {
    unkept_ = std::move(file);
  }
  return lent;
}

LocalRef<FileVersion> FileCache::renewed(LocalRef<FileVersion> version, os::OpenFile found,
                                         http::ContentCoding coding) {
  if (version && version->stamp() == found.stamp && version->settled()) return version;
  version = {};  // its room comes back first
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  return LocalRef<FileVersion>(std::make_unique<FileVersion>(std::move(found), coding, budget_, now));
}

LocalRef<FileVersion> FileCache::sibling(CachedFile& file, http::ContentCoding coding) {
  auto& sibling = file.siblings_[static_cast<std::size_t>(coding)];
  if (is_fresh(sibling.checked, sibling.version)) return sibling.version;
  const std::string path = file.path_ + std::string(sibling_suffix(coding));
  auto found = root_.open(path.c_str());
  sibling.checked = clock_.now();
  auto known = std::exchange(sibling.version, {});
  if (!found || found->folder || found->stamp.modified < file.plain_->stamp().modified) return {};
  const bool evictable = file.linked();
  file.unlink();  // making room must not evict the file this belongs to
  auto version = renewed(std::move(known), *std::move(found), coding);
  if (evictable) budget_.touch(file);
  if (version->kept()) {
    sibling.version = version;
  } else {
    sibling.checked.reset();
  }
  return version;
}

std::expected<os::OpenFile, os::Miss> FileCache::open(const char* path) {
  look_at_root();
  return root_.open(path);
}

}  // namespace gate::files
