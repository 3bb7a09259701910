#include "http/hpack/literals.h"

#include <algorithm>

#include "base/text.h"
#include "http/hpack/huffman.h"
#include "http/request_rules.h"

namespace gate::http::hpack {
namespace {

// Above everything that has a meaning here, and reached with few octets.
constexpr std::uint64_t kNumberMax = 1u << 28;

// A head above its limit is read on for a while, to be answered; texts as long as this are not waited for.
constexpr std::uint64_t kTextBytesMax = 256 * 1024;

}  // namespace

Number read_number(base::ByteReader& input, unsigned prefix_bits) {
  const auto first = input.u8();
  if (!first) return {Step::kIncomplete};
  const std::uint64_t mask = (1u << prefix_bits) - 1;
  std::uint64_t value = *first & mask;
  if (value < mask) return {Step::kLine, value};
  for (unsigned shift = 0; value <= kNumberMax && shift < 64; shift += 7) {
    const auto octet = input.u8();
    if (!octet) return {Step::kIncomplete};
    value += (*octet & std::uint64_t{0x7f}) << shift;
    if ((*octet & 0x80) == 0) return value <= kNumberMax ? Number{Step::kLine, value} : Number{Step::kMalformed};
  }
  return {Step::kMalformed};
}

void TextReader::release() {
  if (long_name_.capacity() > 0) long_name_ = {};
  if (long_value_.capacity() > 0) long_value_ = {};
}

TextReader::Text TextReader::read(base::ByteReader& input, unsigned prefix_bits, std::vector<std::byte>& overflow) {
  base::ByteReader ahead = input;
  const bool compressed = (ahead.u8().value_or(0) & 1u << prefix_bits) != 0;
  const Number length = read_number(input, prefix_bits);
  if (length.step != Step::kLine) return {length.step};
  if (length.value > kTextBytesMax) return {Step::kTooLong};
  const auto bytes = input.bytes(length.value);
  if (!bytes) return {Step::kIncomplete};
  if (!compressed) return {Step::kLine, base::as_text(*bytes)};
  std::span<std::byte> into = room_;
  const bool fits = huffman_bound(bytes->size()) <= room_.size();
  if (!fits) {
    overflow.resize(huffman_bound(bytes->size()));
    into = overflow;
  }
  const auto count = huffman_decode(*bytes, into);
  if (!count) return {Step::kMalformed};
  if (fits) room_ = room_.subspan(*count);
  return {Step::kLine, base::as_text(into.first(*count))};
}

void LiteralWriter::number(Form form, std::size_t value) {
  const std::size_t mask = (std::size_t{1} << form.prefix_bits) - 1;
  if (value < mask) return octet(form.pattern | value);
  octet(form.pattern | mask);
  for (value -= mask; value >= 0x80; value >>= 7) octet(value | 0x80);
  octet(value);
}

void LiteralWriter::string(Form length, std::string_view text) {
  number(length, text.size());
  base::copy_bytes(out_.subspan(count_), base::as_bytes(text));
  count_ += text.size();
}

bool is_remembered(FieldId id) {
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

bool is_secret(FieldId id) {
  return id == FieldId::kSetCookie || id == FieldId::kAuthorization || id == FieldId::kProxyAuthorization;
}

bool is_good_name(FieldId id, std::string_view name) {
  if (id != FieldId::kUnknown) return true;
  return is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace gate::http::hpack
