#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gate::http {

// Bytes `first` to `last` of a representation, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  std::uint64_t size() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// Which parts of a representation a Range field asks for.
class RangeSet {
 public:
  // A field with more ranges than this is served whole: many small or overlapping ranges cost more than they are worth
  // (RFC 9110 17.15; CVE-2011-3192).
  static constexpr std::size_t kRangesMax = 32;
  // Ranges nearer than this to each other become one: about what a part of multipart/byteranges costs (RFC
  // 9110 15.3.7.2).
  static constexpr std::uint64_t kGapMax = 80;

  enum class Kind : std::uint8_t {
    kWhole,  // the field is absent, malformed, of another unit or unreasonable: RFC 9110 14.2 lets it be ignored
    kParts,  // ranges() has at least one; none overlap
    kUnsatisfiable,  // 416
  };

  // `field` is the value of a single Range line; `length` that of the representation in bytes.
  static RangeSet select(std::string_view field, std::uint64_t length);

  Kind kind() const { return kind_; }

  // In the order in which they were asked for.
  std::span<const ByteRange> ranges() const { return {ranges_.data(), count_}; }

 private:
  void add(ByteRange range);

  Kind kind_ = Kind::kWhole;
  std::size_t count_ = 0;
  std::array<ByteRange, kRangesMax> ranges_{};
};

}  // namespace gate::http
