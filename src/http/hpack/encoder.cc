#include "http/hpack/encoder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "http/hpack/static_table.h"

namespace gate::http::hpack {
namespace {

constexpr std::size_t kLineBytes = 3 * kNumberBytesMax;  // an index and two lengths

// Lines above this would push out too much of the rest.
constexpr std::size_t kRememberedBytesMax = kTableBytesMax / 4;

// How representations begin (RFC 7541 6).
constexpr Form kIndexed{0x80, 7};
constexpr Form kKept{0x40, 6};
constexpr Form kTableSize{0x20, 5};
constexpr Form kNeverKept{0x10, 4};
constexpr Form kNotKept{0x00, 4};

// The responses that the static table has whole.
std::size_t status_index(std::string_view status) {
  constexpr std::size_t kFirst = 8;
  constexpr std::array<std::string_view, 7> kStatuses{"200", "204", "206", "304", "400", "404", "500"};
  const auto* found = std::ranges::find(kStatuses, status);
  return found == kStatuses.end() ? 0 : kFirst + static_cast<std::size_t>(found - kStatuses.begin());
}

}  // namespace

void Encoder::limit_table(std::size_t bytes) {
  const std::size_t limit = std::min(bytes, kTableBytesMax);
  if (limit == table_.limit()) return;
  lowest_limit_ = std::min(lowest_limit_, limit);
  limit_changed_ = true;
  table_.set_limit(limit);
}

std::size_t Encoder::bound(std::span<const Field> lines) {
  std::size_t bytes = 2 * kNumberBytesMax;
  for (const Field& line : lines) bytes += line.name.size() + line.value.size() + kLineBytes;
  return bytes;
}

std::size_t Encoder::encode(std::span<const Field> lines, std::span<std::byte> out) {
  LiteralWriter writer(out);
  if (limit_changed_) announce_limit(writer);
  for (const Field& line : lines) encode_line(line, writer);
  return writer.count();
}

// RFC 7541 4.2: "the smallest maximum table size that occurs in that interval MUST be signaled [...] followed by the
// final maximum size".
void Encoder::announce_limit(LiteralWriter& writer) {
  if (lowest_limit_ < table_.limit()) writer.number(kTableSize, lowest_limit_);
  writer.number(kTableSize, table_.limit());
  lowest_limit_ = table_.limit();
  limit_changed_ = false;
}

void Encoder::encode_line(const Field& line, LiteralWriter& writer) {
  if (line.id == FieldId::kPseudoStatus) {
    if (const std::size_t index = status_index(line.value)) return writer.number(kIndexed, index);
  }
  const std::size_t name = static_name(line.id);
  if (is_remembered(line.id) && line.name.size() + line.value.size() <= kRememberedBytesMax) {
    return remember(line, name, writer);
  }
  writer.number(is_secret(line.id) ? kNeverKept : kNotKept, name);
  if (name == 0) writer.value(line.name);
  writer.value(line.value);
}

void Encoder::remember(const Field& line, std::size_t static_index, LiteralWriter& writer) {
  const std::size_t place = table_.find(line.id, line.value);
  if (place < table_.lines()) return writer.number(kIndexed, kStaticLines + 1 + place);
  writer.number(kKept, static_index);
  if (static_index == 0) writer.value(line.name);
  writer.value(line.value);
  table_.add({line});
}

}  // namespace gate::http::hpack
