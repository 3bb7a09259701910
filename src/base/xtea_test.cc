#include "base/xtea.h"

#include <gtest/gtest.h>

namespace gate::base {
namespace {

using Key = std::array<std::byte, 16>;

Key counting_key() {
  Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
  return key;
}

struct Vector {
  Key key;
  std::uint64_t plain;
  std::uint64_t encrypted;
};

// The known answers in Mbed TLS 2.28, library/xtea.c, and Crypto++, TestVectors/tea.txt.
const std::array kVectors{
    Vector{counting_key(), 0x4142434445464748, 0x497df3d072612cb5},
    Vector{counting_key(), 0x4141414141414141, 0xe78f2d13744341d8},
    Vector{counting_key(), 0x5a5b6e278948d77f, 0x4141414141414141},
    Vector{Key{}, 0x4142434445464748, 0xa0390589f8b8efa5},
    Vector{Key{}, 0x4141414141414141, 0xed23375a821a8c2d},
    Vector{Key{}, 0x70e1225d6e4e7655, 0x4141414141414141},
};

TEST(Xtea, encrypts_the_published_vectors) {
  for (const auto& vector : kVectors) EXPECT_EQ(Xtea(vector.key).encrypt(vector.plain), vector.encrypted);
}

TEST(Xtea, decrypts_the_published_vectors) {
  for (const auto& vector : kVectors) EXPECT_EQ(Xtea(vector.key).decrypt(vector.encrypted), vector.plain);
}

TEST(Xtea, depends_on_each_bit_of_the_key) {
  const auto encrypted = Xtea(Key{}).encrypt(443);
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Key key{};
    key[bit / 8] = static_cast<std::byte>(1 << bit % 8);
    EXPECT_NE(Xtea(key).encrypt(443), encrypted) << bit;
  }
}

}  // namespace
}  // namespace gate::base
