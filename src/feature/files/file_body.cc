#include "feature/files/file_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::files {

http::BodyRead FileBody::read(std::span<std::byte> into) {
  const std::size_t wanted = std::min<std::uint64_t>(into.size(), end_ - offset_);
  if (version_->read(offset_, into.first(wanted)) != wanted) return {http::BodyRead::State::kFailed, 0};
  offset_ += wanted;
  return {offset_ == end_ ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, wanted};
}

MultipartBody::MultipartBody(LocalRef<FileVersion> version, std::span<const http::ByteRange> ranges,
                             std::string_view boundary, std::string_view content_type, base::Arena& arena)
    : version_(std::move(version)), parts_(arena.make_array<Part>(ranges.size() + 1)) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto head = fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", i == 0 ? "" : "\r\n",
                                  boundary, content_type, content_range(ranges[i], version_->size(), arena));
    parts_[i] = {arena.copy(head), ranges[i].first, ranges[i].size()};
  }
  parts_.back().head = arena.copy(fmt::format("\r\n--{}--\r\n", boundary));
  for (const auto& part : parts_) length_ += part.head.size() + part.count;
}

http::BodyRead MultipartBody::read(std::span<std::byte> into) {
  std::size_t done = 0;
  while (!parts_.empty() && done < into.size()) {
    Part& part = parts_.front();
    done += read_head(part, into.subspan(done));
    const auto count = read_stretch(part, into.subspan(done));
    if (!count) return {http::BodyRead::State::kFailed, 0};
    done += *count;
    if (part.head.empty() && part.count == 0) parts_ = parts_.subspan(1);
  }
  return {parts_.empty() ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, done};
}

std::size_t MultipartBody::read_head(Part& part, std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), part.head.size());
  base::copy_bytes(into, base::as_bytes(part.head.substr(0, count)));
  part.head.remove_prefix(count);
  return count;
}

// Nothing when the file has become too short.
std::optional<std::size_t> MultipartBody::read_stretch(Part& part, std::span<std::byte> into) {
  const std::size_t wanted = std::min<std::uint64_t>(into.size(), part.count);
  if (version_->read(part.offset, into.first(wanted)) != wanted) return std::nullopt;
  part.offset += wanted;
  part.count -= wanted;
  return wanted;
}

std::string_view content_range(const http::ByteRange& range, std::uint64_t length, base::Arena& arena) {
  constexpr std::size_t kBytesMax = std::string_view("bytes -/").size() + 3 * 20;  // 20 digits hold any number
  const auto memory = arena.allocate(kBytesMax);
  char* const start = reinterpret_cast<char*>(memory.data());
  const char* const end = fmt::format_to(start, "bytes {}-{}/{}", range.first, range.last, length);
  return {start, end};
}

}  // namespace gate::files
