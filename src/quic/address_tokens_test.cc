#include "quic/address_tokens.h"

#include <gtest/gtest.h>

#include "quic/simulation_for_test.h"

namespace gate::quic {
namespace {

class AddressTokensTest : public testing::Test {
 protected:
  static ConnectionId id(std::byte fill) { return *ConnectionId::from(std::vector(9, fill)); }

  for_test::Random random{1};
  AddressTokens::Key key = ServerKeys::generate(random).tokens;
  AddressTokens tokens{key};
  base::WallTime now = std::chrono::system_clock::now();
  base::Endpoint peer = *base::Endpoint::parse("192.0.2.7:4000");
  ConnectionId original = id(std::byte{1});
  ConnectionId retry = id(std::byte{2});
};

TEST_F(AddressTokensTest, OfARetryShowTheClientAndItsFirstId) {
  const auto token = tokens.for_retry(peer, original, retry, now, random);
  EXPECT_TRUE(AddressTokens::is_of_retry(token));
  const auto proof = tokens.verify(token, peer, retry, now + std::chrono::seconds(5));
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->original, original);
}

TEST_F(AddressTokensTest, OfARetryShowNothingElsewhereOrLater) {
  const auto token = tokens.for_retry(peer, original, retry, now, random);
  base::Endpoint other_port = peer;
  other_port.port = 4001;
  EXPECT_FALSE(tokens.verify(token, other_port, retry, now));
  EXPECT_FALSE(tokens.verify(token, *base::Endpoint::parse("192.0.2.8:4000"), retry, now));
  EXPECT_FALSE(tokens.verify(token, peer, original, now));
  EXPECT_FALSE(tokens.verify(token, peer, retry, now + std::chrono::seconds(12)));
  EXPECT_FALSE(tokens.verify(token, peer, retry, now - std::chrono::hours(1)));
}

TEST_F(AddressTokensTest, ForLaterAreBoundToTheAddressAlone) {
  const auto token = tokens.for_later(peer.address, now, random);
  EXPECT_FALSE(AddressTokens::is_of_retry(token));
  base::Endpoint other_port = peer;
  other_port.port = 5000;
  const auto proof = tokens.verify(token, other_port, original, now + std::chrono::hours(23));
  ASSERT_TRUE(proof);
  EXPECT_FALSE(proof->original);
  EXPECT_FALSE(tokens.verify(token, *base::Endpoint::parse("192.0.2.8:4000"), original, now));
  EXPECT_FALSE(tokens.verify(token, peer, original, now + std::chrono::hours(25)));
}

TEST_F(AddressTokensTest, OfAnotherServerOrDamagedShowNothing) {
  const auto token = tokens.for_retry(peer, original, retry, now, random);
  const AddressTokens others(ServerKeys::generate(random).tokens);
  EXPECT_FALSE(others.verify(token, peer, retry, now));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto damaged = token;
    damaged[i] ^= std::byte{1};
    EXPECT_FALSE(tokens.verify(damaged, peer, retry, now)) << i;
    EXPECT_FALSE(tokens.verify(std::span(token).first(i), peer, retry, now)) << i;
  }
  EXPECT_FALSE(tokens.verify(std::vector<std::byte>(4000), peer, retry, now));
}

}  // namespace
}  // namespace gate::quic
