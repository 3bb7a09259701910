#include "tls/challenges.h"

#include <gtest/gtest.h>

#include "cert/issue.h"
#include "tls/codes.h"
#include "tls/pair_for_test.h"

namespace gate::tls {
namespace {

using for_test::Certificates;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

cert::Credential proof_of(const std::string& name) {
  constexpr std::array<std::byte, 32> kDigest{};
  const base::WallTime from = Certificates::shared().now;
  return cert::make_tls_alpn_01(name, kDigest, {.not_before = from, .not_after = from + std::chrono::days(1)});
}

// A server with the site "example.com" and these challenges.
auto proving(std::initializer_list<std::string> names, const ServerSettings& settings = for_test::example_settings()) {
  Challenges challenges;
  for (const auto& name : names) challenges.open.push_back({name, proof_of(name)});
  auto server = make_server(settings);
  server->use_challenges(challenges);
  return server;
}

// An authority looks into the certificate instead of trusting it.
auto authority(ClientSettings settings = {}) {
  static const for_test::Clock clock;
  if (settings.alpn.empty()) settings.alpn = {"acme-tls/1"};
  return *ClientContext::create(settings, clock);
}

TEST(Challenges, an_address_is_asked_for_by_its_name_in_the_reverse_dns) {
  EXPECT_EQ(challenge_server_name("Example.COM"), "example.com");
  EXPECT_EQ(challenge_server_name("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(challenge_server_name("2001:db8::1"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(Challenges, an_open_one_is_answered_in_its_protocol_alone) {
  for (const std::uint16_t version : {kTls12, kTls13}) {
    Pair pair(proving({"example.com"}), authority({.version_max = version}));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.facts().version, version);
    EXPECT_EQ(pair.facts().alpn, Alpn::kAcmeTls);
    pair.client.read();
    EXPECT_FALSE(pair.client.engine.take_session().has_value()) << "nobody comes back";
  }
}

// What no X.509 verifier accepts tells the certificate from every other: its critical extension.
TEST(Challenges, an_open_one_is_answered_with_its_certificate) {
  Challenges challenges;
  challenges.open.push_back({"example.com", proof_of("example.com")});
  const auto server = make_server(for_test::example_settings());
  server->use_challenges(challenges);
  const auto roots = cert::Roots::of(challenges.open.front().credential.chain);
  Pair pair(server, make_client({.roots = &roots, .alpn = {"acme-tls/1"}}));
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client.engine.failure().why, "unhandled critical extension");
}

TEST(Challenges, names_without_a_site_are_proved_too) {
  const auto server = proving({"new.example.com", "192.0.2.7"});
  EXPECT_TRUE(Pair(server, authority(), {"NEW.example.com"}).handshake());
  EXPECT_TRUE(Pair(server, authority(), {"7.2.0.192.in-addr.arpa"}).handshake());
}

TEST(Challenges, a_site_that_wants_tls_1_3_is_proved_to_an_authority_with_1_2) {
  auto settings = for_test::example_settings();
  settings.sites.front().policy.version_min = kTls13;
  EXPECT_TRUE(Pair(proving({"example.com"}, settings), authority({.version_max = kTls12})).handshake());
}

TEST(Challenges, a_name_without_one_is_refused) {
  Pair of_site(proving({"new.example.com"}), authority());
  EXPECT_FALSE(of_site.handshake());
  EXPECT_EQ(of_site.server_failure(), kNoCommonProtocol);
  Pair of_nobody(proving({"new.example.com"}), authority(), {"other.test"});
  EXPECT_FALSE(of_nobody.handshake());
  EXPECT_EQ(of_nobody.server_failure(), kUnknownName);
}

TEST(Challenges, visitors_of_the_name_get_the_site) {
  const auto server = proving({"example.com"});
  Pair browser(server, make_client({.alpn = {"h2", "http/1.1"}}));
  ASSERT_TRUE(browser.handshake());
  EXPECT_EQ(browser.facts().alpn, Alpn::kHttp2);
  Pair with_more(server, make_client({.alpn = {"acme-tls/1", "http/1.1"}}));
  ASSERT_TRUE(with_more.handshake()) << "an authority offers one protocol alone";
  EXPECT_EQ(with_more.facts().alpn, Alpn::kHttp11);
}

TEST(Challenges, closed_ones_are_refused_again) {
  const auto server = proving({"example.com"});
  server->use_challenges({});
  EXPECT_FALSE(Pair(server, authority()).handshake());
}

}  // namespace
}  // namespace gate::tls
