#include "http/hpack/decoder.h"

#include <string_view>

#include "http/hpack/static_table.h"
#include "http/request_rules.h"

namespace gate::http::hpack {
namespace {

constexpr std::uint8_t kIndexed = 0x80;      // RFC 7541 6.1
constexpr std::uint8_t kKeptLiteral = 0x40;  // 6.2.1
constexpr std::uint8_t kTableSize = 0x20;    // 6.3

}  // namespace

void Decoder::begin() {
  begun_ = false;
  texts_.release();
}

Decoder::Step Decoder::next(base::ByteReader& input, TableLine& line) {
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

Decoder::Step Decoder::indexed(base::ByteReader& input, TableLine& line) {
  const Number index = read_number(input, 7);
  if (index.step != Step::kLine) return index.step;
  const auto found = find(index.value);
  if (!found) return Step::kMalformed;
  line = *found;
  return Step::kLine;
}

Decoder::Step Decoder::literal(base::ByteReader& input, unsigned prefix_bits, bool kept, TableLine& line) {
  const Number index = read_number(input, prefix_bits);
  if (index.step != Step::kLine) return index.step;
  texts_.begin();
  bool good_name = true;
  if (index.value == 0) {
    const auto name = texts_.name(input, 7);
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
  const auto value = texts_.value(input);
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
Decoder::Step Decoder::resize(base::ByteReader& input) {
  const Number bytes = read_number(input, 5);
  if (bytes.step != Step::kLine) return bytes.step;
  if (begun_ || bytes.value > kTableBytesMax) return Step::kMalformed;
  table_.set_limit(bytes.value);
  return Step::kNothing;
}

std::optional<TableLine> Decoder::find(std::uint64_t index) const {
  if (index == 0) return std::nullopt;
  if (index <= kStaticLines) return TableLine{static_line(index)};
  const std::uint64_t dynamic = index - kStaticLines - 1;
  if (dynamic >= table_.lines()) return std::nullopt;
  return table_.line(dynamic);
}

}  // namespace gate::http::hpack
