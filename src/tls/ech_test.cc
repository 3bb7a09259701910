#include <gtest/gtest.h>
#include <openssl/base64.h>

#include "tls/codes.h"
#include "tls/ech_keys.h"
#include "tls/pair_for_test.h"

// Encrypted Client Hello (RFC 9849), with the library's own client.
namespace gate::tls {
namespace {

using namespace std::chrono_literals;
using for_test::Certificates;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};
const std::string kOuterName = "other.test";

std::vector<std::byte> decoded(const std::string& base64) {
  std::vector<std::byte> bytes(base64.size());
  std::size_t size = 0;
  GATE_CHECK(EVP_DecodeBase64(cert::native_data(std::span(bytes)), &size, bytes.size(),
                              cert::native_data(base::as_bytes(base64)), base64.size()));
  bytes.resize(size);
  return bytes;
}

// "example.com", which is to be hidden, and the outer name with its own certificate.
auto hiding(const EchKeys& keys) {
  auto settings = for_test::example_settings();
  settings.sites.push_back({.names = {kOuterName}, .credentials = {&Certificates::shared().other}, .policy = {}});
  settings.ech_keys.emplace(keys);
  return make_server(settings);
}

TEST(Ech, the_name_is_asked_for_encrypted) {
  const auto keys = EchKeys::generate(kOuterName, kNow);
  const auto configs = decoded(keys.published());
  Pair pair(hiding(keys), make_client(), {.server_name = "example.com", .ech_configs = configs});
  pair.client.handshake();
  const std::string hello(base::as_text(pair.client.sent.view()));
  EXPECT_EQ(hello.find("example.com"), std::string::npos) << "nobody on the way reads it";
  EXPECT_NE(hello.find(kOuterName), std::string::npos);
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.facts().ech);
  EXPECT_EQ(pair.facts().server_name, "example.com");
  EXPECT_EQ(pair.facts().site, 0U);
  EXPECT_EQ(pair.to_server("ping"), "ping");
}

TEST(Ech, clients_that_do_not_know_of_it_are_served_as_ever) {
  Pair pair(hiding(EchKeys::generate(kOuterName, kNow)), make_client());
  ASSERT_TRUE(pair.handshake());
  EXPECT_FALSE(pair.facts().ech);
  Pair old(hiding(EchKeys::generate(kOuterName, kNow)), make_client({.version_max = kTls12}));
  EXPECT_TRUE(old.handshake());
}

TEST(Ech, what_was_published_before_a_rotation_still_opens) {
  const auto first = EchKeys::generate(kOuterName, kNow);
  const auto configs = decoded(first.published());
  auto keys = first.rotated(kNow + 7 * 24h);
  EXPECT_NE(keys.published(), first.published());
  Pair pair(hiding(keys), make_client(), {.server_name = "example.com", .ech_configs = configs});
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.facts().ech);
}

TEST(Ech, a_client_with_keys_of_long_ago_is_given_the_new_ones) {
  const auto stale = decoded(EchKeys::generate(kOuterName, kNow).published());
  const auto keys = EchKeys::generate(kOuterName, kNow);
  const auto server = hiding(keys);
  Pair first(server, make_client(), {.server_name = "example.com", .ech_configs = stale});
  EXPECT_FALSE(first.handshake());
  EXPECT_EQ(first.client_failure(), kEchRejected) << "and not that the outer name's certificate is another's";
  const auto retry = first.client.engine.ech_retry_configs();
  EXPECT_EQ(retry, decoded(keys.published()));
  Pair second(server, make_client(), {.server_name = "example.com", .ech_configs = retry});
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.facts().ech);
}

TEST(Ech, a_server_that_was_told_to_stop_it_says_so) {
  const auto stale = decoded(EchKeys::generate(kOuterName, kNow).published());
  auto settings = for_test::example_settings();
  settings.sites.push_back({.names = {kOuterName}, .credentials = {&Certificates::shared().other}, .policy = {}});
  Pair pair(make_server(settings), make_client(), {.server_name = "example.com", .ech_configs = stale});
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client_failure(), kEchRejected);
  EXPECT_TRUE(pair.client.engine.ech_retry_configs().empty());
}

TEST(Ech, keys_can_be_exchanged_while_the_server_runs) {
  const auto server = hiding(EchKeys::generate(kOuterName, kNow));
  const auto keys = EchKeys::generate(kOuterName, kNow);
  server->use_ech_keys(keys);
  const auto configs = decoded(keys.published());
  Pair pair(server, make_client(), {.server_name = "example.com", .ech_configs = configs});
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.facts().ech);
}

TEST(EchKeys, rotate_every_week_and_open_for_four) {
  auto keys = EchKeys::generate(kOuterName, kNow);
  EXPECT_FALSE(keys.rotation_is_due(kNow + 7 * 24h - 1s));
  EXPECT_TRUE(keys.rotation_is_due(kNow + 7 * 24h));
  EXPECT_TRUE(keys.rotation_is_due(kNow - 1s)) << "the clock was set back";
  const auto oldest = keys.keys().front().config;
  const auto fourth = keys.rotated(kNow).rotated(kNow).rotated(kNow);
  EXPECT_EQ(fourth.keys().back().config, oldest);
  EXPECT_EQ(fourth.rotated(kNow).keys().size(), EchKeys::kKeysMax);
  EXPECT_NE(fourth.rotated(kNow).keys().back().config, oldest);
}

TEST(EchKeys, are_restored_only_with_the_configurations_they_belong_to) {
  const auto keys = EchKeys::generate(kOuterName, kNow).rotated(kNow);
  std::vector<EchKeys::Key> kept(keys.keys().begin(), keys.keys().end());
  const auto restored = EchKeys::restore(kOuterName, kept);
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->published(), keys.published());
  std::swap(kept[0].secret, kept[1].secret);
  EXPECT_FALSE(EchKeys::restore(kOuterName, kept).has_value());
  EXPECT_FALSE(EchKeys::restore(kOuterName, {}).has_value());
}

}  // namespace
}  // namespace gate::tls
