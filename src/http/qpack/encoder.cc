#include "http/qpack/encoder.h"

#include <algorithm>

#include "http/qpack/static_table.h"

namespace gate::http::qpack {
namespace {

using hpack::Form;
using hpack::kNumberBytesMax;
using hpack::LiteralWriter;
using hpack::Step;

// Representations (RFC 9204 4.5), and instructions (4.3).
constexpr Form kIndexedStatic{0xc0, 6};
constexpr Form kIndexedDynamic{0x80, 6};
constexpr Form kLiteralByStatic{0x50, 4};
constexpr Form kLiteralName{0x20, 3};
constexpr std::uint8_t kNeverKeptByStatic = 0x20;
constexpr Form kInsertByStatic{0xc0, 6};
constexpr Form kInsertName{0x40, 5};
constexpr Form kSetCapacity{0x20, 5};

// What the peer says (4.4).
constexpr std::uint8_t kSectionAcknowledgment = 0x80;
constexpr std::uint8_t kStreamCancellation = 0x40;

constexpr std::size_t kPrefixBytes = 2;
constexpr std::size_t kLineBytes = 3 * kNumberBytesMax;

// So few that the numbers of a prefix fit into an octet each.
constexpr std::uint64_t kEntriesMax = 100;
constexpr std::size_t kRememberedBytesMax = hpack::kTableBytesMax / 4;

}  // namespace

void Encoder::allow_table(std::uint64_t bytes) {
  const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, hpack::kTableBytesMax));
  if (limit == 0) return;
  range_ = 2 * (bytes / hpack::kLineOverhead);
  table_.set_limit(limit);
  LiteralWriter writer(instructions_.prepare(kNumberBytesMax));
  writer.number(kSetCapacity, limit);
  instructions_.commit(writer.count());
}

std::size_t Encoder::bound(std::span<const Field> lines) {
  std::size_t bytes = kPrefixBytes;
  for (const Field& line : lines) bytes += line.name.size() + line.value.size() + kLineBytes;
  return bytes;
}

std::size_t Encoder::encode(std::span<const Field> lines, std::span<std::byte> out) {
  required_ = 0;
  LiteralWriter writer(out.subspan(kPrefixBytes));
  for (const Field& line : lines) encode_line(line, writer);
  // RFC 9204 4.5.1; indices are relative to what the peer has.
  out[0] = static_cast<std::byte>(required_ == 0 ? 0 : required_ % range_ + 1);
  out[1] = static_cast<std::byte>(required_ == 0 ? 0 : known_ - required_);
  if (required_ > 0) ++sections_;
  return kPrefixBytes + writer.count();
}

void Encoder::encode_line(const Field& line, LiteralWriter& writer) {
  const std::size_t whole = static_whole(line);
  if (whole < kStaticLines) return writer.number(kIndexedStatic, whole);
  if (hpack::is_remembered(line.id) && refer(line, writer)) return;
  const std::size_t name = static_name(line.id);
  if (name < kStaticLines) {
    const bool secret = hpack::is_secret(line.id);
    const auto pattern = static_cast<std::uint8_t>(kLiteralByStatic.pattern | (secret ? kNeverKeptByStatic : 0));
    writer.number({pattern, kLiteralByStatic.prefix_bits}, name);
  } else {
    writer.string(kLiteralName, line.name);
  }
  writer.value(line.value);
}

// False when the peer does not have the line, or not for certain.
bool Encoder::refer(const Field& line, LiteralWriter& writer) {
  const std::size_t place = table_.find(line.id, line.value);
  if (place == table_.lines()) {
    insert(line);
    return false;
  }
  const std::uint64_t absolute = inserted_ - 1 - place;
  if (absolute >= known_) return false;
  writer.number(kIndexedDynamic, known_ - 1 - absolute);
  required_ = std::max(required_, absolute + 1);
  return true;
}

void Encoder::insert(const Field& line) {
  const std::size_t bytes = line.name.size() + line.value.size() + hpack::kLineOverhead;
  if (bytes > kRememberedBytesMax || bytes > table_.room() || inserted_ == kEntriesMax) return;
  LiteralWriter writer(instructions_.prepare(bytes + kLineBytes));
  const std::size_t name = static_name(line.id);
  if (name < kStaticLines) {
    writer.number(kInsertByStatic, name);
  } else {
    writer.string(kInsertName, line.name);
  }
  writer.value(line.value);
  instructions_.commit(writer.count());
  table_.add({line});
  ++inserted_;
}

Step Encoder::acknowledge(base::ByteReader& input) {
  base::ByteReader ahead = input;
  const auto first = ahead.u8();
  if (!first) return Step::kIncomplete;
  const base::ByteReader before = input;
  const bool section = (*first & kSectionAcknowledgment) != 0;
  const bool cancellation = !section && (*first & kStreamCancellation) != 0;
  const auto number = hpack::read_number(input, section ? 7 : 6);
  if (number.step != Step::kLine) {
    input = number.step == Step::kIncomplete ? before : input;
    return number.step;
  }
  // Which stream is not looked at: nothing is ever taken out of the table, so that it matters to nobody.
  if (cancellation) return Step::kNothing;
  if (section) {
    if (sections_ == 0) return Step::kMalformed;
    --sections_;
    return Step::kNothing;
  }
  if (number.value == 0 || number.value > inserted_ - known_) return Step::kMalformed;
  known_ += number.value;
  return Step::kNothing;
}

}  // namespace gate::http::qpack
