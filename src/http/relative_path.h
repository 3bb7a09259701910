#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gate::http {

// The path of a request as a name beneath the root: without the slash in front, with single slashes, always followed by
// a NUL for the kernel. Equal files mostly get equal names, so that a cache is not filled with spellings.
class RelativePath {
 public:
  // The kernel's PATH_MAX, NUL included.
  static constexpr std::size_t kBytesMax = 4096;

  // Takes `path`, decoded and free of dot segments, less the prefix `strip` ("/static" or empty). False for what is
  // never served: paths outside of the prefix, longer than kBytesMax, or with a segment that begins with a dot; but
  // "/.well-known" is for the public (RFC 8615).
  bool assign(std::string_view path, std::string_view strip);

  // Puts `name` behind the last segment; false, unchanged, when that is too long.
  bool append(std::string_view name);

  // Takes back everything behind the first `size` bytes.
  void cut(std::size_t size);

  // "." for the root itself.
  std::string_view text() const { return size_ == 0 ? std::string_view(".") : std::string_view(bytes_.data(), size_); }
  std::size_t size() const { return size_; }

  // Whether the request's path ended with a slash.
  bool names_folder() const { return names_folder_; }

 private:
  std::array<char, kBytesMax> bytes_;  // left uninitialised: it is large, and mostly unused
  std::size_t size_ = 0;
  bool names_folder_ = false;
};

}  // namespace gate::http
