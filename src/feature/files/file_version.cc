#include "feature/files/file_version.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::files {
namespace {

// What the cache spends on a file beside its bytes: the version, its entry, its name.
constexpr std::size_t kOverheadBytes = 512;

// The kernel's clock for modification times ticks every 4 to 10 ms; other file systems store whole seconds or two.
constexpr std::chrono::seconds kSettlingTime{3};

// Reads until `into` is full, the file ends or reading fails; says how much there was.
std::size_t read_at(int fd, std::uint64_t offset, std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto count = ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

// A bijection that spreads every bit of its input over all of its output (splitmix64's finalizer).
constexpr std::uint64_t spread(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

FileVersion::FileVersion(os::OpenFile file, http::ContentCoding coding, http::CacheBudget& budget,
                         std::chrono::sys_seconds now)
    : stamp_(file.stamp), budget_(budget), fd_(std::move(file.fd)) {
  if (take_content()) {
    fd_.close();
  } else {
    reserve({.bytes = kOverheadBytes, .descriptors = 1});
    // Doubles the kernel's read-ahead; a hint, so its failure means nothing.
    static_cast<void>(::posix_fadvise(fd_.number(), 0, 0, POSIX_FADV_SEQUENTIAL));
  }
  settled_ = last_modified() + kSettlingTime < now;
  write_etag(coding);
  http::format_http_date(last_modified(), last_modified_text_);
}

FileVersion::~FileVersion() { budget_.release(cost_); }

bool FileVersion::reserve(http::CacheCost cost) {
  if (!budget_.reserve(cost)) return false;
  cost_ = cost;
  return true;
}

// Only a copy that was made while the file stayed as it was is worth keeping.
bool FileVersion::take_content() {
  if (size() > kInMemoryMax || !reserve({.bytes = kOverheadBytes + size()})) return false;
  auto content = std::make_unique_for_overwrite<std::byte[]>(size());
  if (read_at(fd_.number(), 0, {content.get(), size()}) == size() && unchanged()) {
    content_ = std::move(content);
    return true;
  }
  budget_.release(std::exchange(cost_, {}));
  return false;
}

// The inode is mixed in rather than printed: it is nobody's business.
void FileVersion::write_etag(http::ContentCoding coding) {
  const auto modified = static_cast<std::uint64_t>(stamp_.modified.time_since_epoch().count());
  const std::uint64_t state = spread(spread(stamp_.inode) ^ modified);
  char* const end = etag_.data() + etag_.size();
  char* at = etag_.data();
  *at++ = '"';
  at = std::to_chars(at, end, state, 16).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, stamp_.size, 16).ptr;
  if (coding != http::ContentCoding::kIdentity) {
    *at++ = '-';
    at = std::ranges::copy(http::to_string(coding), at).out;
  }
  *at++ = '"';
  etag_bytes_ = static_cast<std::size_t>(at - etag_.data());
}

std::size_t FileVersion::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (!content_) return read_at(fd_.number(), offset, into);
  if (offset >= size()) return 0;
  const std::size_t count = std::min<std::uint64_t>(into.size(), size() - offset);
  base::copy_bytes(into, base::ByteView{content_.get() + offset, count});
  return count;
}

bool FileVersion::unchanged() const { return os::stamp_of(fd_.number()) == stamp_; }

}  // namespace gate::files
