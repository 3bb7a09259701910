#include "http/hpack/huffman.h"

#include <array>
#include <cstdint>

namespace gate::http::hpack {
namespace {

constexpr std::size_t kSymbols = 257;  // the bytes, and the end of the string
constexpr std::size_t kEnd = 256;
constexpr unsigned kLongest = 30;

// RFC 7541 Appendix B: the bits of each symbol's code. The code is canonical (shorter codes come first, equally long
// ones in the order of their symbols), so that the lengths say all of it.
constexpr std::array<std::uint8_t, kSymbols> kLengths{
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  5,  5,  5,  6,  6,  6,  6,  6,  6,  6,
    7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
    7,  8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,
    5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24,
    24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22,
    23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26,
    27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23,
    22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30};

// Codes up to this long are found by one look-up; they are all that texts are made of.
constexpr unsigned kQuickBits = 10;

struct Quick {
  std::uint8_t symbol = 0;
  std::uint8_t bits = 0;  // 0: the code is longer
};

struct Tables {
  std::array<Quick, 1u << kQuickBits> quick{};
  // The symbols by their codes, and for each length the codes below which a code is no longer than that, as if all were
  // of kLongest bits; and what to take from a code of that length to have its place among the symbols.
  std::array<std::uint16_t, kSymbols> symbols{};
  std::array<std::uint32_t, kLongest + 2> below{};
  std::array<std::uint32_t, kLongest + 1> offset{};
};

constexpr Tables build() {
  Tables tables;
  std::uint32_t code = 0;
  std::uint32_t place = 0;
  for (unsigned bits = 1; bits <= kLongest; ++bits) {
    tables.offset[bits] = code - place;
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (kLengths[symbol] != bits) continue;
      tables.symbols[place++] = static_cast<std::uint16_t>(symbol);
      if (bits <= kQuickBits) {
        const std::uint32_t first = code << (kQuickBits - bits);
        for (std::uint32_t i = 0; i < 1u << (kQuickBits - bits); ++i) {
          tables.quick[first + i] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(bits)};
        }
      }
      ++code;
    }
    tables.below[bits] = code << (kLongest - bits);
    code <<= 1;
  }
  return tables;
}
constexpr Tables kTables = build();

struct Long {
  std::size_t symbol;
  unsigned bits;
};

// The code at the front of `window`, whose uppermost bits are the next of the text, then ones.
Long find_long(std::uint64_t window) {
  const auto front = static_cast<std::uint32_t>(window >> (64 - kLongest));
  unsigned bits = kQuickBits + 1;
  while (bits < kLongest && front >= kTables.below[bits]) ++bits;
  const std::uint32_t code = front >> (kLongest - bits);
  return {kTables.symbols[code - kTables.offset[bits]], bits};
}

}  // namespace

std::optional<std::size_t> huffman_decode(base::ByteView coded, std::span<std::byte> into) {
  constexpr unsigned kPaddingMax = 7;
  std::uint64_t window = 0;  // the next bits from the top down
  unsigned held = 0;         // how many of them there are
  std::size_t count = 0;
  std::size_t at = 0;
  for (;;) {
    while (held <= 56 && at < coded.size()) {
      window |= std::to_integer<std::uint64_t>(coded[at++]) << (56 - held);
      held += 8;
    }
    if (held == 0) return count;
    // Behind the text ones, as if it were padded for ever.
    const std::uint64_t padded = held == 64 ? window : window | ~std::uint64_t{0} >> held;
    const Quick quick = kTables.quick[padded >> (64 - kQuickBits)];
    const Long found = quick.bits != 0 ? Long{quick.symbol, quick.bits} : find_long(padded);
    if (found.bits > held) {
      // RFC 7541 5.2: the padding is the front of the code of the end, which is ones, and shorter than a byte.
      return held <= kPaddingMax && padded == ~std::uint64_t{0} ? std::optional(count) : std::nullopt;
    }
    if (found.symbol == kEnd || count == into.size()) return std::nullopt;
    into[count++] = static_cast<std::byte>(found.symbol);
    window <<= found.bits;
    held -= found.bits;
  }
}

}  // namespace gate::http::hpack
