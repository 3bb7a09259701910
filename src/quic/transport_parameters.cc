#include "quic/transport_parameters.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace gate::quic {
namespace {

// RFC 9000 16: a number of variable length.
std::optional<std::uint64_t> take_number(base::ByteReader& reader) {
  constexpr unsigned kLengthShift = 6;
  constexpr std::uint64_t kFirstMask = 0x3f;
  const auto first = reader.u8();
  if (!first) return std::nullopt;
  const auto rest = reader.bytes((std::size_t{1} << (*first >> kLengthShift)) - 1);
  if (!rest) return std::nullopt;
  std::uint64_t number = *first & kFirstMask;
  for (const std::byte each : *rest) number = number << 8 | std::to_integer<std::uint64_t>(each);
  return number;
}

}  // namespace

bool repeat_a_parameter(base::ByteView encoded) {
  std::vector<std::uint64_t> ids;
  base::ByteReader reader(encoded);
  while (const auto id = take_number(reader)) {
    ids.push_back(*id);
    const auto length = take_number(reader);
    if (!length || !reader.bytes(*length)) break;
  }
  std::ranges::sort(ids);
  return std::ranges::adjacent_find(ids) != ids.end();
}

}  // namespace gate::quic
