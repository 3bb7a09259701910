#include "app/trust/qr_codewords.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace gate::app {
namespace {

using Bytes = std::vector<std::uint8_t>;

// ISO/IEC 18004 table 9, level M: error correction codewords in a block, blocks, data codewords in all of them.
struct VersionShape {
  std::size_t correction;
  std::size_t blocks;
  std::size_t data;
};
constexpr std::array<VersionShape, 10> kShapes{{{10, 1, 16},
                                                {16, 1, 28},
                                                {26, 1, 44},
                                                {18, 2, 64},
                                                {24, 2, 86},
                                                {16, 4, 108},
                                                {18, 4, 124},
                                                {22, 4, 154},
                                                {22, 5, 182},
                                                {26, 5, 216}}};

// Bits of the length in byte mode: 8 up to version 9, then 16 (table 3).
std::size_t length_bits(std::size_t version) { return version < 10 ? 8 : 16; }

class BitWriter {
 public:
  void put(unsigned value, std::size_t bits) {
    for (std::size_t i = bits; i-- > 0;) {
      if (count_ % 8 == 0) bytes_.push_back(0);
      if ((value >> i & 1U) != 0) bytes_.back() |= static_cast<std::uint8_t>(0x80U >> (count_ % 8));
      ++count_;
    }
  }
  std::size_t bits() const { return count_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  Bytes bytes_;
  std::size_t count_ = 0;
};

// 7.4.10: terminator, then pad codewords in turn.
Bytes data_codewords(std::string_view text, std::size_t version, std::size_t capacity) {
  constexpr unsigned kByteMode = 0b0100;
  BitWriter writer;
  writer.put(kByteMode, 4);
  writer.put(static_cast<unsigned>(text.size()), length_bits(version));
  for (const char c : text) writer.put(static_cast<unsigned char>(c), 8);
  writer.put(0, std::min<std::size_t>(4, capacity * 8 - writer.bits()));
  Bytes bytes = std::move(writer).take();
  for (std::uint8_t pad = 0xEC; bytes.size() < capacity; pad ^= 0xEC ^ 0x11) bytes.push_back(pad);
  return bytes;
}

// In the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1 (7.5.2).
std::uint8_t multiply(std::uint8_t a, std::uint8_t b) {
  unsigned product = 0;
  for (int i = 7; i >= 0; --i) {
    product = product << 1U ^ (product >> 7U) * 0x11DU;
    product ^= (static_cast<unsigned>(b) >> static_cast<unsigned>(i) & 1U) * a;
  }
  return static_cast<std::uint8_t>(product);
}

// The product of (x - 2^i) for i below `degree`, without its leading 1.
Bytes generator(std::size_t degree) {
  Bytes result(degree);
  result.back() = 1;
  std::uint8_t root = 1;
  for (std::size_t i = 0; i < degree; ++i) {
    for (std::size_t j = 0; j < degree; ++j) {
      result[j] = multiply(result[j], root);
      if (j + 1 < degree) result[j] ^= result[j + 1];
    }
    root = multiply(root, 2);
  }
  return result;
}

// The remainder of the division by the generator.
Bytes correction_of(std::span<const std::uint8_t> data, const Bytes& divisor) {
  Bytes result(divisor.size());
  for (const std::uint8_t byte : data) {
    const std::uint8_t factor = byte ^ result.front();
    std::ranges::rotate(result, result.begin() + 1);
    result.back() = 0;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] ^= multiply(divisor[i], factor);
  }
  return result;
}

// 7.6: the first codeword of each block, then the second of each, … The last blocks may have one data codeword more.
Bytes interleaved(const Bytes& data, const VersionShape& shape) {
  const Bytes divisor = generator(shape.correction);
  const std::size_t shorter = shape.data / shape.blocks;
  const std::size_t longer_from = shape.blocks - shape.data % shape.blocks;
  std::vector<std::span<const std::uint8_t>> blocks;
  std::vector<Bytes> corrections;
  std::span<const std::uint8_t> rest(data);
  for (std::size_t i = 0; i < shape.blocks; ++i) {
    const std::size_t size = shorter + (i >= longer_from ? 1 : 0);
    blocks.push_back(rest.first(size));
    corrections.push_back(correction_of(blocks.back(), divisor));
    rest = rest.subspan(size);
  }
  Bytes result;
  for (std::size_t i = 0; i <= shorter; ++i) {
    for (const auto& block : blocks) {
      if (i < block.size()) result.push_back(block[i]);
    }
  }
  for (std::size_t i = 0; i < shape.correction; ++i) {
    for (const auto& correction : corrections) result.push_back(correction[i]);
  }
  return result;
}

}  // namespace

std::optional<QrCodewords> qr_codewords(std::string_view text) {
  for (std::size_t version = 1; version <= kShapes.size(); ++version) {
    const VersionShape& shape = kShapes[version - 1];
    if (4 + length_bits(version) + text.size() * 8 > shape.data * 8) continue;
    return QrCodewords{static_cast<int>(version), interleaved(data_codewords(text, version, shape.data), shape)};
  }
  return std::nullopt;
}

}  // namespace gate::app
