#include "server/address_counts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gate::server {
namespace {

// Always the same bytes: the sketch only needs its key not to be known.
class FixedRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{0x5a}); }
};

base::IpAddress address(std::string_view text) { return base::IpAddress::parse(text).value(); }

class AddressCountsTest : public testing::Test {
 protected:
  FixedRandom random_;
  AddressCounts counts_{random_};
};

TEST_F(AddressCountsTest, refuses_one_more_than_the_most) {
  const auto client = address("192.0.2.1");
  EXPECT_TRUE(counts_.add(client, 2));
  EXPECT_TRUE(counts_.add(client, 2));
  EXPECT_FALSE(counts_.add(client, 2));
}

TEST_F(AddressCountsTest, what_is_given_back_can_be_taken_again) {
  const auto client = address("192.0.2.1");
  EXPECT_TRUE(counts_.add(client, 1));
  counts_.subtract(client);
  EXPECT_TRUE(counts_.add(client, 1));
  EXPECT_FALSE(counts_.add(client, 1));
}

TEST_F(AddressCountsTest, a_refused_one_is_not_counted) {
  const auto client = address("192.0.2.1");
  EXPECT_TRUE(counts_.add(client, 1));
  EXPECT_FALSE(counts_.add(client, 1));
  counts_.subtract(client);
  EXPECT_TRUE(counts_.add(client, 1));
}

TEST_F(AddressCountsTest, counts_ipv6_clients_by_their_64) {
  EXPECT_TRUE(counts_.add(address("2001:db8:0:1::1"), 1));
  EXPECT_FALSE(counts_.add(address("2001:db8:0:1:ffff::2"), 1));
  EXPECT_TRUE(counts_.add(address("2001:db8:0:2::1"), 1));
}

TEST_F(AddressCountsTest, tells_a_thousand_clients_apart) {
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto client = address(fmt::format("10.{}.{}.7", i / 250, i % 250));
    refused += counts_.add(client, 1) ? 0 : 1;
  }
  // 1000 clients in 16384 columns: all three rows of one collide with about one client in 5000.
  EXPECT_LE(refused, 3);
}

}  // namespace
}  // namespace gate::server
