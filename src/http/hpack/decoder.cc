#include "http/hpack/decoder.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "http/hpack/huffman.h"
#include "http/hpack/static_table.h"
#include "http/request_rules.h"

namespace gate::http::hpack {
namespace {

using Step = Decoder::Step;

constexpr std::uint8_t kIndexed = 0x80;      // RFC 7541 6.1
constexpr std::uint8_t kKeptLiteral = 0x40;  // 6.2.1
constexpr std::uint8_t kTableSize = 0x20;    // 6.3
constexpr std::uint8_t kCompressed = 0x80;   // 5.2: H

// Above everything that has a meaning here, and reached with few octets.
constexpr std::uint64_t kNumberMax = 1u << 28;

struct Number {
  Step step;
  std::uint64_t value = 0;
};

// RFC 7541 5.1.
Number number(base::ByteReader& input, unsigned prefix_bits) {
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

}  // namespace

bool is_good_name(FieldId id, std::string_view name) {
  if (id != FieldId::kUnknown) return true;
  return is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void Decoder::begin() {
  begun_ = false;
  long_name_ = {};
  long_value_ = {};
}

Step Decoder::next(base::ByteReader& input, TableLine& line) {
  const base::ByteReader before = input;
  base::ByteReader ahead = input;
  const auto first = ahead.u8();
  if (!first) return Step::kIncomplete;
  Step step = Step::kLine;
  if (*first & kIndexed) {
    step = indexed(input, line);
  } else if (*first & kKeptLiteral) {
    step = literal(input, 6, true, line);
  } else if (*first & kTableSize) {
    step = resize(input);
  } else {
    step = literal(input, 4, false, line);
  }
  if (step == Step::kIncomplete) input = before;
  begun_ |= step == Step::kLine;
  return step;
}

Step Decoder::indexed(base::ByteReader& input, TableLine& line) {
  const Number index = number(input, 7);
  if (index.step != Step::kLine) return index.step;
  const auto found = find(index.value);
  if (!found) return Step::kMalformed;
  line = *found;
  return Step::kLine;
}

Step Decoder::literal(base::ByteReader& input, unsigned prefix_bits, bool kept, TableLine& line) {
  const Number index = number(input, prefix_bits);
  if (index.step != Step::kLine) return index.step;
  std::span<std::byte> room = scratch_;
  bool good_name = true;
  if (index.value == 0) {
    const Text name = string(input, room, long_name_);
    if (name.step != Step::kLine) return name.step;
    line.field.name = name.text;
    line.field.id = field_id(name.text);
    good_name = is_good_name(line.field.id, name.text);
  } else {
    const auto found = find(index.value);
    if (!found) return Step::kMalformed;
    line.field.name = found->field.name;
    line.field.id = found->field.id;
    good_name = is_good_name(found->field.id, found->field.name);
  }
  const Text value = string(input, room, long_value_);
  if (value.step != Step::kLine) return value.step;
  line.field.value = value.text;
  line.good = good_name && is_field_value(value.text);
  if (!kept) return Step::kLine;
  table_.add(line);
  // The name may have stood in the table's memory.
  if (index.value > kStaticLines && table_.lines() > 0) line = table_.line(0);
  return Step::kLine;
}

// RFC 7541 4.2: "This dynamic table size update MUST occur at the beginning of the first header block".
Step Decoder::resize(base::ByteReader& input) {
  const Number bytes = number(input, 5);
  if (bytes.step != Step::kLine) return bytes.step;
  if (begun_ || bytes.value > kTableBytesMax) return Step::kMalformed;
  table_.set_limit(bytes.value);
  return Step::kNothing;
}

Decoder::Text Decoder::string(base::ByteReader& input, std::span<std::byte>& room, std::vector<std::byte>& overflow) {
  base::ByteReader ahead = input;
  const bool compressed = (ahead.u8().value_or(0) & kCompressed) != 0;
  const Number length = number(input, 7);
  if (length.step != Step::kLine) return {length.step};
  const auto bytes = input.bytes(length.value);
  if (!bytes) return {Step::kIncomplete};
  if (!compressed) return {Step::kLine, base::as_text(*bytes)};
  std::span<std::byte> into = room;
  if (huffman_bound(bytes->size()) > room.size()) {
    overflow.resize(huffman_bound(bytes->size()));
    into = overflow;
  }
  const auto count = huffman_decode(*bytes, into);
  if (!count) return {Step::kMalformed};
  if (into.data() == room.data()) room = room.subspan(*count);
  return {Step::kLine, base::as_text(into.first(*count))};
}

std::optional<TableLine> Decoder::find(std::uint64_t index) const {
  if (index == 0) return std::nullopt;
  if (index <= kStaticLines) return TableLine{static_line(index)};
  const std::uint64_t dynamic = index - kStaticLines - 1;
  if (dynamic >= table_.lines()) return std::nullopt;
  return table_.line(dynamic);
}

}  // namespace gate::http::hpack
