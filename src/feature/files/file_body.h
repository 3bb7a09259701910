#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "feature/files/file_version.h"
#include "feature/files/local_ref.h"
#include "http/body.h"
#include "http/range.h"

namespace gate::files {

// A stretch of a file. Fails, so that the client notices, when the file has become shorter than was announced.
class FileBody final : public http::BodySource {
 public:
  explicit FileBody(const LocalRef<FileVersion>& version) : FileBody(version, 0, version->size()) {}
  FileBody(LocalRef<FileVersion> version, http::ByteRange range)
      : FileBody(std::move(version), range.first, range.size()) {}

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  FileBody(LocalRef<FileVersion> version, std::uint64_t offset, std::uint64_t length)
      : version_(std::move(version)), offset_(offset), end_(offset + length), length_(length) {}

  LocalRef<FileVersion> version_;
  std::uint64_t offset_;
  std::uint64_t end_;
  std::uint64_t length_;
};

// Several stretches of a file as multipart/byteranges (RFC 9110 14.6).
class MultipartBody final : public http::BodySource {
 public:
  // `boundary` occurs nowhere in the file, as far as anybody can foresee. `arena` outlives the body.
  MultipartBody(LocalRef<FileVersion> version, std::span<const http::ByteRange> ranges, std::string_view boundary,
                std::string_view content_type, base::Arena& arena);

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  // Text, and the stretch of the file behind it.
  struct Part {
    std::string_view head;
    std::uint64_t offset = 0;
    std::uint64_t count = 0;
  };

  std::size_t read_head(Part& part, std::span<std::byte> into);
  std::optional<std::size_t> read_stretch(Part& part, std::span<std::byte> into);

  LocalRef<FileVersion> version_;
  std::span<Part> parts_;  // those not sent yet; the last one closes the message and has no stretch
  std::uint64_t length_ = 0;
};

// "bytes 0-99/1000", in the arena.
std::string_view content_range(const http::ByteRange& range, std::uint64_t length, base::Arena& arena);

}  // namespace gate::files
