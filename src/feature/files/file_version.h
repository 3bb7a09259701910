#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "feature/files/local_ref.h"
#include "http/accept_encoding.h"
#include "http/cache_budget.h"
#include "http/conditional.h"
#include "http/date.h"
#include "os/fd.h"
#include "os/root.h"

namespace gate::files {

// One state of one file, ready to be sent: its validators, and its bytes in memory where they are few, behind an open
// descriptor where they are many. A file that is replaced by renaming another over it stays readable here.
class FileVersion : public LocallyCounted {
 public:
  // Up to this size a file is held in memory. Above it, copying from the page cache costs less than what follows (TLS).
  static constexpr std::size_t kInMemoryMax = 64 * 1024;

  // Takes over an open regular file, and reads it if it is small. `coding` is what the bytes are encoded with. Where
  // the budget has no room kept() is false: the version then serves the request at hand, from its descriptor.
  FileVersion(os::OpenFile file, http::ContentCoding coding, http::CacheBudget& budget, std::chrono::sys_seconds now);
  ~FileVersion();

  const os::FileStamp& stamp() const { return stamp_; }
  std::uint64_t size() const { return stamp_.size; }
  bool in_memory() const { return content_ != nullptr; }
  bool kept() const { return cost_.bytes > 0; }

  // Whether an equal stamp means equal bytes. Not while the modification is so young that another one might have got
  // the same time from the kernel's coarse clock.
  bool settled() const { return settled_; }

  // Strong, and different for each content coding (RFC 9110 8.8.3.3).
  std::string_view etag() const { return {etag_.data(), etag_bytes_}; }
  std::string_view last_modified_text() const { return {last_modified_text_.data(), last_modified_text_.size()}; }
  http::Validators validators() const { return {etag(), last_modified()}; }
  std::chrono::sys_seconds last_modified() const { return std::chrono::floor<std::chrono::seconds>(stamp_.modified); }

  // Fills `into` with bytes from `offset` on; fewer than asked for when the file ends there or cannot be read.
  // Synchronous: from the page cache in the ordinary case, from the disk otherwise.
  std::size_t read(std::uint64_t offset, std::span<std::byte> into) const;

  // Whether the file behind the descriptor still is in this state.
  bool unchanged() const;

 private:
  bool reserve(http::CacheCost cost);
  bool take_content();
  void write_etag(http::ContentCoding coding);

  // An ETag: quotes, two hexadecimal numbers with a dash, and "-zstd".
  static constexpr std::size_t kEtagBytesMax = 2 + 16 + 1 + 16 + 5;

  os::FileStamp stamp_;
  http::CacheBudget& budget_;
  http::CacheCost cost_;
  bool settled_ = false;
  std::size_t etag_bytes_ = 0;
  std::array<char, kEtagBytesMax> etag_;
  std::array<char, http::kHttpDateBytes> last_modified_text_;
  std::unique_ptr<std::byte[]> content_;
  os::Fd fd_;
};

}  // namespace gate::files
