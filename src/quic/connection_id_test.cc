#include "quic/connection_id.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <unordered_map>

#include "base/text.h"

namespace gate::quic {
namespace {

class SeededRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (auto& byte : bytes) byte = static_cast<std::byte>(engine_());
  }

 private:
  std::mt19937_64 engine_{443};  // NOLINT: a fixed seed makes the test repeatable
};

ConnectionIdCodec::Key key_of(std::uint8_t first) {
  ConnectionIdCodec::Key key{};
  key[0] = std::byte{first};
  return key;
}

ConnectionId id_of(std::string_view text) { return *ConnectionId::from(base::as_bytes(text)); }

TEST(ConnectionId, holds_up_to_twenty_bytes) {
  EXPECT_TRUE(ConnectionId::from({})->empty());
  const std::string twenty(20, 'x');
  EXPECT_EQ(base::as_text(id_of(twenty).bytes()), twenty);
  EXPECT_FALSE(ConnectionId::from(base::as_bytes(twenty + "x")).has_value());
}

TEST(ConnectionId, is_equal_to_one_of_the_same_bytes_and_length) {
  EXPECT_EQ(id_of("abcdefgh"), id_of("abcdefgh"));
  EXPECT_NE(id_of("abcdefgh"), id_of("abcdefgi"));
  EXPECT_NE(id_of("abc"), id_of(std::string_view("abc\0", 4)));
  EXPECT_NE(id_of(""), id_of(std::string_view("\0", 1)));
}

TEST(ConnectionIdHash, depends_on_the_key_and_on_the_length) {
  const ConnectionIdHash one({1, 2});
  const ConnectionIdHash other({1, 3});
  EXPECT_EQ(one(id_of("abc")), one(id_of("abc")));
  EXPECT_NE(one(id_of("abc")), other(id_of("abc")));
  EXPECT_NE(one(id_of("abc")), one(id_of(std::string_view("abc\0", 4))));
}

TEST(ConnectionIdHash, serves_a_table) {
  std::unordered_map<ConnectionId, int, ConnectionIdHash> table(16, ConnectionIdHash({1, 2}));
  table[id_of("one")] = 1;
  table[id_of("two")] = 2;
  EXPECT_EQ(table.at(id_of("two")), 2);
  EXPECT_FALSE(table.contains(id_of("three")));
}

// Jean-Philippe Aumasson and Daniel J. Bernstein, "SipHash: a fast short-input PRF", appendix A.
TEST(ConnectionIdHash, is_siphash_2_4) {
  std::array<std::byte, 15> input{};
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i);
  const ConnectionIdHash hash({0x0706050403020100, 0x0f0e0d0c0b0a0908});
  EXPECT_EQ(hash(*ConnectionId::from(input)), 0xa129ca6149be45e5U);
}

TEST(ConnectionIdCodec, decodes_what_it_has_encoded) {
  SeededRandom random;
  const ConnectionIdCodec codec(key_of(1));
  for (int worker = 0; worker < 256; ++worker) {
    for (const int generation : {0, 1, 128, 255}) {
      const ConnectionHome home{static_cast<std::uint8_t>(generation), static_cast<std::uint8_t>(worker)};
      const auto id = codec.encode(home, random);
      ASSERT_EQ(id.size(), ConnectionIdCodec::kIdBytes);
      EXPECT_EQ(codec.decode(id.bytes()), home);
    }
  }
}

TEST(ConnectionIdCodec, leaves_the_config_rotation_bits_zero) {
  SeededRandom random;
  const ConnectionIdCodec codec(key_of(1));
  std::set<std::byte> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(codec.encode({0, 0}, random).bytes()[0]);
  EXPECT_EQ(seen.size(), 32U);
  EXPECT_LT(*seen.rbegin(), std::byte{0x20});
}

TEST(ConnectionIdCodec, makes_ids_of_one_worker_that_share_nothing) {
  SeededRandom random;
  const ConnectionIdCodec codec(key_of(1));
  std::set<ConnectionId> seen;
  std::array<std::set<std::byte>, ConnectionIdCodec::kIdBytes> octets;
  for (int i = 0; i < 10'000; ++i) {
    const auto id = codec.encode({3, 1}, random);
    seen.insert(id);
    for (std::size_t at = 0; at < octets.size(); ++at) octets[at].insert(id.bytes()[at]);
  }
  EXPECT_EQ(seen.size(), 10'000U);
  for (std::size_t at = ConnectionIdCodec::kBlockOffset; at < octets.size(); ++at) EXPECT_EQ(octets[at].size(), 256U);
}

TEST(ConnectionIdCodec, reads_another_keys_ids_as_noise) {
  SeededRandom random;
  const ConnectionIdCodec ours(key_of(1));
  const ConnectionIdCodec theirs(key_of(2));
  int alike = 0;
  for (int i = 0; i < 1000; ++i) alike += theirs.decode(ours.encode({3, 1}, random).bytes()) == ConnectionHome{3, 1};
  EXPECT_LT(alike, 3);
}

TEST(ConnectionIdCodec, refuses_ids_of_another_length) {
  const ConnectionIdCodec codec(key_of(1));
  const std::array<std::byte, 20> bytes{};
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(codec.decode(std::span(bytes).first(size)).has_value(), size == ConnectionIdCodec::kIdBytes) << size;
  }
}

std::vector<std::byte> packet(std::initializer_list<int> octets) {
  std::vector<std::byte> bytes;
  for (const int each : octets) bytes.push_back(static_cast<std::byte>(each));
  return bytes;
}

TEST(DestinationOf, FindsTheIdInBothHeaders) {
  const auto shorter = destination_of(packet({0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99}));
  ASSERT_TRUE(shorter);
  EXPECT_EQ(*shorter, *ConnectionId::from(packet({1, 2, 3, 4, 5, 6, 7, 8, 9})));
  const auto longer = destination_of(packet({0xc0, 0, 0, 0, 1, 3, 7, 8, 9, 0}));
  ASSERT_TRUE(longer);
  EXPECT_EQ(*longer, *ConnectionId::from(packet({7, 8, 9})));
}

TEST(DestinationOf, FindsNothingInWhatIsTooShortOrTooLong) {
  EXPECT_FALSE(destination_of({}));
  EXPECT_FALSE(destination_of(packet({0x40, 1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_FALSE(destination_of(packet({0xc0, 0, 0, 0})));
  EXPECT_FALSE(destination_of(packet({0xc0, 0, 0, 0, 1, 4, 7, 8, 9})));
  std::vector<std::byte> long_id(30);
  long_id[0] = std::byte{0xc0};
  long_id[5] = std::byte{21};
  EXPECT_FALSE(destination_of(long_id));
}

}  // namespace
}  // namespace gate::quic
