#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gate::base {

using ByteView = std::span<const std::byte>;

// Copies `from` into the front of `to`, which must be at least as long. The one place that calls memcpy.
inline void copy_bytes(std::span<std::byte> to, ByteView from) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

// Reads big-endian fields off the front of a byte view. Every read is bounds-checked: it yields nothing, and
// leaves the reader where it was, when too few bytes are left. Views returned live as long as the input.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::size_t size() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }

  std::optional<std::uint8_t> u8() { return number<std::uint8_t>(1); }
  std::optional<std::uint16_t> u16() { return number<std::uint16_t>(2); }
  std::optional<std::uint32_t> u24() { return number<std::uint32_t>(3); }
  std::optional<std::uint32_t> u32() { return number<std::uint32_t>(4); }
  std::optional<std::uint64_t> u64() { return number<std::uint64_t>(8); }

  std::optional<ByteView> bytes(std::size_t count) {
    if (count > rest_.size()) return std::nullopt;
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  // Vectors with a length prefix, as TLS writes them (RFC 8446 3.4).
  std::optional<ByteView> vector8() { return vector(1); }
  std::optional<ByteView> vector16() { return vector(2); }
  std::optional<ByteView> vector24() { return vector(3); }

 private:
  template <class T>
  std::optional<T> number(std::size_t width) {
    if (width > rest_.size()) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(rest_[i]);
    rest_ = rest_.subspan(width);
    return static_cast<T>(value);
  }

  std::optional<ByteView> vector(std::size_t prefix_width) {
    ByteReader ahead = *this;
    const auto length = ahead.number<std::uint32_t>(prefix_width);
    if (!length) return std::nullopt;
    const auto content = ahead.bytes(*length);
    if (content) *this = ahead;
    return content;
  }

  ByteView rest_;
};

}  // namespace gate::base
