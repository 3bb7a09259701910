#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace gate::http::h3 {

// RFC 9000 16: the upper two bits say how many octets there are.
inline std::optional<std::uint64_t> read_varint(base::ByteReader& input) {
  base::ByteReader ahead = input;
  const auto first = ahead.u8();
  if (!first) return std::nullopt;
  std::uint64_t value = *first & 0x3f;
  for (unsigned more = (1u << (*first >> 6)) - 1; more > 0; --more) {
    const auto octet = ahead.u8();
    if (!octet) return std::nullopt;
    value = value << 8 | *octet;
  }
  input = ahead;
  return value;
}

inline constexpr std::size_t kVarintBytesMax = 8;

// The octets that `value` needs.
constexpr std::size_t varint_size(std::uint64_t value) {
  if (value < 1u << 6) return 1;
  if (value < 1u << 14) return 2;
  return value < 1u << 30 ? 4 : 8;
}

// Writes `value` in `size` octets, of which it may need fewer, to the front of `out`.
inline void write_varint(std::uint64_t value, std::size_t size, std::span<std::byte> out) {
  const std::uint8_t mark = size == 1 ? 0x00 : size == 2 ? 0x40 : size == 4 ? 0x80 : 0xc0;
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)));
  out[0] |= std::byte{mark};
}

}  // namespace gate::http::h3
