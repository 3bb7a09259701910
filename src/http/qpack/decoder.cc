#include "http/qpack/decoder.h"

#include "http/qpack/static_table.h"
#include "http/request_rules.h"

namespace gate::http::qpack {
namespace {

using hpack::Number;
using hpack::read_number;

// Instructions (RFC 9204 4.3).
constexpr std::uint8_t kInsertByIndex = 0x80;
constexpr std::uint8_t kInsertLiteral = 0x40;
constexpr std::uint8_t kSetCapacity = 0x20;

// Representations (4.5).
constexpr std::uint8_t kIndexed = 0x80;
constexpr std::uint8_t kLiteralByIndex = 0x40;
constexpr std::uint8_t kLiteral = 0x20;
constexpr std::uint8_t kPostBase = 0x10;  // else a literal by an index behind the base

constexpr std::uint64_t kEntriesMax = hpack::kTableBytesMax / hpack::kLineOverhead;

std::optional<TableLine> find_static(std::uint64_t index) {
  return index < kStaticLines ? std::optional(TableLine{static_line(index)}) : std::nullopt;
}

}  // namespace

Decoder::Decoder(std::span<std::byte> scratch) : texts_(scratch) {
  table_.set_limit(0);  // until the peer says how much of what it may have it wants
}

// --- the table

Step Decoder::instruct(base::ByteReader& input) {
  base::ByteReader ahead = input;
  const auto first = ahead.u8();
  if (!first) return Step::kIncomplete;
  const base::ByteReader before = input;
  Step step = Step::kNothing;
  if (*first & (kInsertByIndex | kInsertLiteral)) {
    step = insert(input, *first);
  } else if (*first & kSetCapacity) {
    step = resize(input);
  } else {
    const Number index = read_number(input, 5);  // a duplicate
    const auto line = index.step == Step::kLine ? newest(index.value) : std::nullopt;
    step = index.step != Step::kLine ? index.step : line ? add(*line) : Step::kMalformed;
  }
  if (step == Step::kIncomplete) input = before;
  return step;
}

Step Decoder::insert(base::ByteReader& input, std::uint8_t first) {
  texts_.begin();
  TableLine line;
  std::optional<TableLine> known;
  if (first & kInsertByIndex) {
    constexpr std::uint8_t kStatic = 0x40;
    const Number index = read_number(input, 6);
    if (index.step != Step::kLine) return index.step;
    known = first & kStatic ? find_static(index.value) : newest(index.value);
    if (!known) return Step::kMalformed;
  }
  if (const Step name = take_name(input, known, 5, line); name != Step::kLine) return name;
  if (const Step value = take_value(input, line); value != Step::kLine) return value;
  return add(line);
}

// RFC 9204 3.2.3: "The encoder MUST NOT set a dynamic table capacity that exceeds this maximum".
Step Decoder::resize(base::ByteReader& input) {
  const Number bytes = read_number(input, 5);
  if (bytes.step != Step::kLine) return bytes.step;
  if (bytes.value > hpack::kTableBytesMax) return Step::kMalformed;
  table_.set_limit(bytes.value);
  return Step::kNothing;
}

// RFC 9204 3.2.2: "It is an error if the encoder attempts to add an entry that is larger than the dynamic table
// capacity".
Step Decoder::add(const TableLine& line) {
  if (line.field.name.size() + line.field.value.size() + hpack::kLineOverhead > table_.limit()) return Step::kMalformed;
  table_.add(line);
  ++inserted_;
  return Step::kNothing;
}

std::optional<TableLine> Decoder::newest(std::uint64_t index) const {
  return index < table_.lines() ? std::optional(table_.line(index)) : std::nullopt;
}

// --- sections

// RFC 9204 4.5.1.1: the count comes modulo twice the most entries there can be.
Step Decoder::prefix(base::ByteReader& input, SectionPrefix& prefix) const {
  const base::ByteReader before = input;
  const Number coded = read_number(input, 8);
  base::ByteReader ahead = input;
  const bool behind = (ahead.u8().value_or(0) & 0x80) != 0;
  const Number delta = coded.step == Step::kLine ? read_number(input, 7) : coded;
  if (delta.step != Step::kLine) {
    input = before;
    return delta.step;
  }
  constexpr std::uint64_t kRange = 2 * kEntriesMax;
  std::uint64_t required = 0;
  if (coded.value > 0) {
    if (coded.value > kRange) return Step::kMalformed;
    const std::uint64_t most = inserted_ + kEntriesMax;
    required = most / kRange * kRange + coded.value - 1;
    if (required > most) {
      if (required <= kRange) return Step::kMalformed;
      required -= kRange;
    }
    if (required == 0) return Step::kMalformed;
  }
  if (behind && delta.value >= required) return Step::kMalformed;
  prefix = {required, behind ? required - delta.value - 1 : required + delta.value};
  return Step::kNothing;
}

Step Decoder::next(base::ByteReader& input, const SectionPrefix& prefix, TableLine& line) {
  base::ByteReader ahead = input;
  const auto first = ahead.u8();
  if (!first) return Step::kIncomplete;
  const base::ByteReader before = input;
  const bool is_indexed = (*first & kIndexed) || (*first & (kLiteralByIndex | kLiteral | kPostBase)) == kPostBase;
  const Step step = is_indexed ? indexed(input, prefix, *first, line) : literal(input, prefix, *first, line);
  if (step == Step::kIncomplete) input = before;
  return step;
}

Step Decoder::indexed(base::ByteReader& input, const SectionPrefix& prefix, std::uint8_t first, TableLine& line) const {
  constexpr std::uint8_t kStatic = 0x40;
  const bool post_base = !(first & kIndexed);
  const Number index = read_number(input, post_base ? 4 : 6);
  if (index.step != Step::kLine) return index.step;
  const auto found = post_base         ? dynamic(prefix, prefix.base + index.value)
                     : first & kStatic ? find_static(index.value)
                                       : relative(prefix, index.value);
  if (!found) return Step::kMalformed;
  line = *found;
  return Step::kLine;
}

Step Decoder::literal(base::ByteReader& input, const SectionPrefix& prefix, std::uint8_t first, TableLine& line) {
  texts_.begin();
  std::optional<TableLine> known;
  if (first & kLiteralByIndex || !(first & kLiteral)) {
    constexpr std::uint8_t kStatic = 0x10;
    const bool post_base = !(first & kLiteralByIndex);
    const Number index = read_number(input, post_base ? 3 : 4);
    if (index.step != Step::kLine) return index.step;
    known = post_base         ? dynamic(prefix, prefix.base + index.value)
            : first & kStatic ? find_static(index.value)
                              : relative(prefix, index.value);
    if (!known) return Step::kMalformed;
  }
  if (const Step name = take_name(input, known, 3, line); name != Step::kLine) return name;
  return take_value(input, line);
}

// `known`: what has the name; else it follows, its length behind a prefix of so many bits.
Step Decoder::take_name(base::ByteReader& input, const std::optional<TableLine>& known, unsigned prefix_bits,
                        TableLine& line) {
  if (known) {
    line.field = known->field;
  } else {
    const auto name = texts_.name(input, prefix_bits);
    if (name.step != Step::kLine) return name.step;
    line.field.name = name.text;
    line.field.id = field_id(name.text);
  }
  line.good = hpack::is_good_name(line.field.id, line.field.name);
  return Step::kLine;
}

Step Decoder::take_value(base::ByteReader& input, TableLine& line) {
  const auto value = texts_.value(input);
  if (value.step != Step::kLine) return value.step;
  line.field.value = value.text;
  line.good = line.good && is_field_value(value.text);
  return Step::kLine;
}

// RFC 9204 2.2.3: what the prefix does not ask for may not be referred to.
std::optional<TableLine> Decoder::dynamic(const SectionPrefix& prefix, std::uint64_t absolute) const {
  if (absolute >= prefix.required || absolute >= inserted_) return std::nullopt;
  return newest(inserted_ - 1 - absolute);
}

std::optional<TableLine> Decoder::relative(const SectionPrefix& prefix, std::uint64_t index) const {
  return index < prefix.base ? dynamic(prefix, prefix.base - 1 - index) : std::nullopt;
}

}  // namespace gate::http::qpack
