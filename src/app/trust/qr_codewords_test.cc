#include "app/trust/qr_codewords.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace gate::app {
namespace {

std::uint8_t multiply(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1U) {
    if ((b & 1U) != 0) product ^= a;
    a = a << 1U ^ ((a & 0x80U) != 0 ? 0x11DU : 0U);
  }
  return static_cast<std::uint8_t>(product);
}

// A block as readers take it apart: its codewords are a polynomial with roots at the first powers of 2.
bool is_code_word(const std::vector<std::uint8_t>& block, std::size_t correction) {
  std::uint8_t root = 1;
  for (std::size_t i = 0; i < correction; ++i) {
    std::uint8_t value = 0;
    for (const std::uint8_t byte : block) value = multiply(value, root) ^ byte;
    if (value != 0) return false;
    root = multiply(root, 2);
  }
  return true;
}

struct Shape {
  std::size_t blocks;
  std::size_t data;
  std::size_t correction;  // a block
};

std::vector<std::vector<std::uint8_t>> blocks_of(const std::vector<std::uint8_t>& bytes, const Shape& shape) {
  std::vector<std::vector<std::uint8_t>> blocks(shape.blocks);
  const std::size_t shorter = shape.data / shape.blocks;
  const std::size_t with_more = shape.data % shape.blocks;
  std::size_t at = 0;
  for (std::size_t i = 0; i < shorter; ++i) {
    for (auto& block : blocks) block.push_back(bytes[at++]);
  }
  for (std::size_t i = shape.blocks - with_more; i < shape.blocks; ++i) blocks[i].push_back(bytes[at++]);
  for (std::size_t i = 0; i < shape.correction; ++i) {
    for (auto& block : blocks) block.push_back(bytes[at++]);
  }
  return blocks;
}

TEST(QrCodewords, choose_the_smallest_version_that_holds_the_text) {
  // ISO/IEC 18004 table 7, byte mode, level M.
  constexpr std::array<std::size_t, 10> kHeld{14, 26, 42, 62, 84, 106, 122, 152, 180, 213};
  for (std::size_t i = 0; i < kHeld.size(); ++i) {
    EXPECT_EQ(qr_codewords(std::string(kHeld[i], 'a'))->version, static_cast<int>(i + 1));
    const auto longer = qr_codewords(std::string(kHeld[i] + 1, 'a'));
    EXPECT_EQ(longer ? longer->version : 0, i + 1 < kHeld.size() ? static_cast<int>(i + 2) : 0);
  }
}

TEST(QrCodewords, hold_the_text_in_the_order_of_the_standard) {
  const auto words = qr_codewords("http://a/");
  ASSERT_TRUE(words.has_value());
  ASSERT_EQ(words->bytes.size(), 26U);
  // Mode 0100, length 9, then the text, moved by four bits; terminator, pads.
  const std::vector<std::uint8_t> expected{0x40, 0x96, 0x87, 0x47, 0x47, 0x03, 0xA2, 0xF2,
                                           0xF6, 0x12, 0xF0, 0xEC, 0x11, 0xEC, 0x11, 0xEC};
  EXPECT_EQ(std::vector<std::uint8_t>(words->bytes.begin(), words->bytes.begin() + 16), expected);
}

TEST(QrCodewords, can_be_corrected_in_every_version) {
  constexpr std::array<Shape, 10> kShapes{{{1, 16, 10},
                                           {1, 28, 16},
                                           {1, 44, 26},
                                           {2, 64, 18},
                                           {2, 86, 24},
                                           {4, 108, 16},
                                           {4, 124, 18},
                                           {4, 154, 22},
                                           {5, 182, 22},
                                           {5, 216, 26}}};
  for (std::size_t size = 1; size <= 213; ++size) {
    const auto words = qr_codewords(std::string(size, static_cast<char>('a' + size % 26)));
    ASSERT_TRUE(words.has_value());
    const Shape& shape = kShapes[static_cast<std::size_t>(words->version) - 1];
    ASSERT_EQ(words->bytes.size(), shape.data + shape.blocks * shape.correction);
    for (const auto& block : blocks_of(words->bytes, shape)) EXPECT_TRUE(is_code_word(block, shape.correction)) << size;
  }
}

}  // namespace
}  // namespace gate::app
