#include "http/hpack/encoder.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "http/hpack/static_table.h"

namespace gate::http::hpack {
namespace {

// A number of 32 bits takes a prefix and five octets at the most; a line has an index and two lengths.
constexpr std::size_t kNumberBytes = 6;
constexpr std::size_t kLineBytes = 3 * kNumberBytes;

// Lines above this would push out too much of the rest.
constexpr std::size_t kRememberedBytesMax = kTableBytesMax / 4;

// How a representation begins (RFC 7541 6), and how many bits of a number fit behind that.
struct Form {
  std::uint8_t pattern;
  unsigned prefix_bits;
};
constexpr Form kIndexed{0x80, 7};
constexpr Form kKept{0x40, 6};
constexpr Form kTableSize{0x20, 5};
constexpr Form kNeverKept{0x10, 4};
constexpr Form kNotKept{0x00, 4};
constexpr Form kRawString{0x00, 7};

constexpr bool is_remembered(FieldId id) {
  switch (id) {
    case FieldId::kAcceptRanges:
    case FieldId::kAltSvc:
    case FieldId::kCacheControl:
    case FieldId::kContentEncoding:
    case FieldId::kContentLanguage:
    case FieldId::kContentSecurityPolicy:
    case FieldId::kContentType:
    case FieldId::kPermissionsPolicy:
    case FieldId::kReferrerPolicy:
    case FieldId::kServer:
    case FieldId::kStrictTransportSecurity:
    case FieldId::kVary:
    case FieldId::kVia:
    case FieldId::kXContentTypeOptions:
    case FieldId::kXFrameOptions: return true;
    default: return false;
  }
}

// RFC 7541 7.1.3: what somebody could guess byte by byte from the length of what is sent.
constexpr bool is_secret(FieldId id) {
  return id == FieldId::kSetCookie || id == FieldId::kAuthorization || id == FieldId::kProxyAuthorization;
}

// The responses that the static table has whole.
std::size_t status_index(std::string_view status) {
  constexpr std::size_t kFirst = 8;
  constexpr std::array<std::string_view, 7> kStatuses{"200", "204", "206", "304", "400", "404", "500"};
  const auto* found = std::ranges::find(kStatuses, status);
  return found == kStatuses.end() ? 0 : kFirst + static_cast<std::size_t>(found - kStatuses.begin());
}

}  // namespace

class Encoder::Writer {
 public:
  explicit Writer(std::span<std::byte> out) : out_(out) {}

  // RFC 7541 5.1.
  void number(Form form, std::size_t value) {
    const std::size_t mask = (std::size_t{1} << form.prefix_bits) - 1;
    if (value < mask) return octet(form.pattern | value);
    octet(form.pattern | mask);
    for (value -= mask; value >= 0x80; value >>= 7) octet(value | 0x80);
    octet(value);
  }

  void string(std::string_view text) {
    number(kRawString, text.size());
    base::copy_bytes(out_.subspan(count_), base::as_bytes(text));
    count_ += text.size();
  }

  std::size_t count() const { return count_; }

 private:
  void octet(std::size_t value) { out_[count_++] = static_cast<std::byte>(value); }

  std::span<std::byte> out_;
  std::size_t count_ = 0;
};

void Encoder::limit_table(std::size_t bytes) {
  const std::size_t limit = std::min(bytes, kTableBytesMax);
  if (limit == table_.limit()) return;
  lowest_limit_ = std::min(lowest_limit_, limit);
  limit_changed_ = true;
  table_.set_limit(limit);
}

std::size_t Encoder::bound(std::span<const Field> lines) {
  std::size_t bytes = 2 * kNumberBytes;
  for (const Field& line : lines) bytes += line.name.size() + line.value.size() + kLineBytes;
  return bytes;
}

std::size_t Encoder::encode(std::span<const Field> lines, std::span<std::byte> out) {
  Writer writer(out);
  if (limit_changed_) announce_limit(writer);
  for (const Field& line : lines) encode_line(line, writer);
  return writer.count();
}

// RFC 7541 4.2: "the smallest maximum table size that occurs in that interval MUST be signaled [...] followed by the
// final maximum size".
void Encoder::announce_limit(Writer& writer) {
  if (lowest_limit_ < table_.limit()) writer.number(kTableSize, lowest_limit_);
  writer.number(kTableSize, table_.limit());
  lowest_limit_ = table_.limit();
  limit_changed_ = false;
}

void Encoder::encode_line(const Field& line, Writer& writer) {
  if (line.id == FieldId::kPseudoStatus) {
    if (const std::size_t index = status_index(line.value)) return writer.number(kIndexed, index);
  }
  const std::size_t name = static_name(line.id);
  if (is_remembered(line.id) && line.name.size() + line.value.size() <= kRememberedBytesMax) {
    return remember(line, name, writer);
  }
  writer.number(is_secret(line.id) ? kNeverKept : kNotKept, name);
  if (name == 0) writer.string(line.name);
  writer.string(line.value);
}

void Encoder::remember(const Field& line, std::size_t static_index, Writer& writer) {
  const std::size_t place = table_.find(line.id, line.value);
  if (place < table_.lines()) return writer.number(kIndexed, kStaticLines + 1 + place);
  writer.number(kKept, static_index);
  if (static_index == 0) writer.string(line.name);
  writer.string(line.value);
  table_.add({line});
}

}  // namespace gate::http::hpack
