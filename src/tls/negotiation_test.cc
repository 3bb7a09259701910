#include <gtest/gtest.h>

#include "tls/codes.h"
#include "tls/engine.h"
#include "tls/pair_for_test.h"

// What client and server agree on: site, certificate, version, suite, group, protocol.
namespace gate::tls {
namespace {

using for_test::Certificates;
using for_test::example_settings;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

ServerSettings several_sites() {
  auto settings = example_settings();
  settings.sites.push_back({.names = {"*.example.com"}, .credentials = {&Certificates::shared().ecdsa}, .policy = {}});
  settings.sites.push_back({.names = {"other.test"}, .credentials = {&Certificates::shared().other}, .policy = {}});
  settings.sites.push_back({.names = {"192.0.2.1"}, .credentials = {&Certificates::shared().ecdsa}, .policy = {}});
  return settings;
}

TEST(SiteSelection, prefers_exact_names_then_the_wildcard_of_one_label) {
  const auto server = make_server(several_sites());
  const auto at = for_test::address("192.0.2.9");
  EXPECT_EQ(server->site_for("example.com", at), 0U);
  EXPECT_EQ(server->site_for("EXAMPLE.com.", at), 0U);
  EXPECT_EQ(server->site_for("www.example.com", at), 1U);
  EXPECT_EQ(server->site_for("a.b.example.com", at), std::nullopt);
  EXPECT_EQ(server->site_for("other.test", at), 2U);
  EXPECT_EQ(server->site_for("unknown.test", at), std::nullopt);
  EXPECT_EQ(server->site_for(".example.com", at), std::nullopt);
  EXPECT_EQ(server->site_for(std::string(300, 'a'), at), std::nullopt);
}

TEST(SiteSelection, takes_the_address_where_no_name_is_asked_for) {
  const auto server = make_server(several_sites());
  EXPECT_EQ(server->site_for("", for_test::address("192.0.2.1")), 3U);
  EXPECT_EQ(server->site_for("", for_test::address("192.0.2.9")), std::nullopt);
}

TEST(SiteSelection, falls_back_to_the_default_site) {
  auto settings = several_sites();
  settings.sites[2].is_default = true;
  const auto server = make_server(settings);
  EXPECT_EQ(server->site_for("unknown.test", for_test::address("192.0.2.9")), 2U);
  EXPECT_EQ(server->site_for("", for_test::address("192.0.2.9")), 2U);
  EXPECT_EQ(server->site_for("", for_test::address("192.0.2.1")), 3U);
}

TEST(SiteSelection, serves_the_certificate_of_the_name) {
  const auto server = make_server(several_sites());
  const auto client = make_client();
  for (const auto& [name, site] : {std::pair{"example.com", 0U}, {"www.example.com", 1U}, {"other.test", 2U}}) {
    Pair pair(server, client, {name});
    ASSERT_TRUE(pair.handshake()) << name;
    EXPECT_EQ(pair.facts().site, site);
  }
}

TEST(SiteSelection, serves_an_address_by_its_certificate) {
  Pair pair(make_server(several_sites()), make_client(), {"192.0.2.1"}, "192.0.2.1");
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.facts().site, 3U);
  EXPECT_EQ(pair.facts().server_name, "");
}

TEST(SiteSelection, refuses_an_unknown_name_with_unrecognized_name) {
  Pair pair(make_server(several_sites()), make_client(), {"unknown.test"});
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kUnknownName);
  EXPECT_EQ(pair.server.engine.failure().what, "unknown name \"unknown.test\"");
  EXPECT_EQ(pair.facts().server_name, "unknown.test");
  EXPECT_FALSE(pair.facts().ja4.view().empty());
  EXPECT_NE(pair.client.engine.failure().what.find("unrecognized name"), std::string::npos);
}

TEST(SiteSelection, refuses_a_client_without_a_name) {
  Pair pair(make_server(several_sites()), make_client(), {"192.0.2.9"});
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kNoName);
}

TEST(ServerContext, refuses_settings_that_contradict_themselves) {
  auto twice = example_settings();
  twice.sites.push_back(twice.sites.front());
  EXPECT_EQ(ServerContext::create(twice).error().code, kDuplicateName);
  auto defaults = several_sites();
  defaults.sites[0].is_default = defaults.sites[1].is_default = true;
  EXPECT_EQ(ServerContext::create(defaults).error().code, kDuplicateName);
  auto bare = example_settings();
  bare.sites[0].credentials.clear();
  EXPECT_EQ(ServerContext::create(bare).error().code, kNoCertificate);
  auto two = example_settings();
  two.sites[0].credentials = {&Certificates::shared().ecdsa, &Certificates::shared().other};
  EXPECT_EQ(ServerContext::create(two).error().code, kNoCertificate);
}

TEST(ServerContext, refuses_a_key_of_another_certificate) {
  const cert::Credential mixed{Certificates::shared().ecdsa.chain, Certificates::shared().other.key.clone()};
  auto settings = example_settings();
  settings.sites[0].credentials = {&mixed};
  EXPECT_EQ(ServerContext::create(settings).error().code, kNoCertificate);
}

ServerSettings both_kinds() {
  auto settings = example_settings();
  settings.sites[0].credentials = {&Certificates::shared().rsa, &Certificates::shared().ecdsa};
  return settings;
}

TEST(CertificateSelection, prefers_ecdsa_and_falls_back_to_rsa) {
  const auto server = make_server(both_kinds());
  for (const std::uint16_t version : {kTls12, kTls13}) {
    Pair any(server, make_client({.version_max = version}));
    ASSERT_TRUE(any.handshake());
    EXPECT_EQ(signature_name(any.facts().signature), "ecdsa_secp256r1_sha256");
    Pair rsa_only(server, make_client({.version_max = version, .signatures = {0x0804}}));
    ASSERT_TRUE(rsa_only.handshake());
    EXPECT_EQ(signature_name(rsa_only.facts().signature), "rsa_pss_rsae_sha256");
    EXPECT_EQ(rsa_only.client.engine.facts().signature, rsa_only.facts().signature);
  }
}

TEST(CertificateSelection, follows_the_suites_and_curves_of_a_tls12_client) {
  const auto server = make_server(both_kinds());
  Pair by_suite(server,
                make_client({.version_max = kTls12, .suites = {.tls12 = "ECDHE-RSA-AES128-GCM-SHA256", .tls13 = {}}}));
  ASSERT_TRUE(by_suite.handshake());
  EXPECT_EQ(suite_name(by_suite.facts().suite), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  Pair by_curve(server, make_client({.version_max = kTls12, .groups = {0x001d}}));
  ASSERT_TRUE(by_curve.handshake());
  EXPECT_EQ(suite_name(by_curve.facts().suite), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

TEST(CertificateSelection, says_when_the_client_can_verify_none) {
  Pair pair(make_server(example_settings()), make_client({.signatures = {0x0804}}));
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kNoUsableCertificate);
}

struct SuiteCase {
  std::uint16_t version;
  std::string offer;
  std::string chosen;

  friend void PrintTo(const SuiteCase& each, std::ostream* out) { *out << each.offer; }
};

class SuiteSelection : public testing::TestWithParam<SuiteCase> {};

TEST_P(SuiteSelection, chooses_as_the_policy_says) {
  const SuiteCase& each = GetParam();
  ClientSettings settings{.version_max = each.version};
  (each.version == kTls13 ? settings.suites.tls13 : settings.suites.tls12) = each.offer;
  Pair pair(make_server(both_kinds()), make_client(settings));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(suite_name(pair.facts().suite), each.chosen);
}

INSTANTIATE_TEST_SUITE_P(
    Tls12Each, SuiteSelection,
    testing::Values(SuiteCase{kTls12, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
                    SuiteCase{kTls12, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
                    SuiteCase{kTls12, "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
                    SuiteCase{kTls12, "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
                    SuiteCase{kTls12, "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
                    SuiteCase{kTls12, "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}));

INSTANTIATE_TEST_SUITE_P(
    Tls12Order, SuiteSelection,
    testing::Values(
        SuiteCase{kTls12, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256",
                  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        SuiteCase{kTls12, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256",
                  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}));

INSTANTIATE_TEST_SUITE_P(
    Tls13, SuiteSelection,
    testing::Values(SuiteCase{kTls13, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
                    SuiteCase{kTls13, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
                    SuiteCase{kTls13, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
                    SuiteCase{kTls13, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
                              "TLS_AES_128_GCM_SHA256"},
                    SuiteCase{kTls13, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
                              "TLS_CHACHA20_POLY1305_SHA256"}));

TEST(GroupSelection, speaks_each_group_of_the_policy) {
  const auto server = make_server(example_settings());
  for (const std::uint16_t group : kGroups) {
    Pair pair(server, make_client({.groups = {group}}));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.facts().group, group);
  }
}

TEST(GroupSelection, asks_for_no_second_hello_when_a_share_is_usable) {
  // The library's client sends a share for its first group only, which is the server's last.
  Pair pair(make_server(example_settings()), make_client({.groups = {0x0018, 0x0017}}));
  pair.client.handshake();
  carry(pair.client, pair.server);
  pair.server.handshake();
  carry(pair.server, pair.client);
  pair.client.handshake();
  EXPECT_EQ(pair.client.step, Step::kDone) << "a second flight was asked for";
  EXPECT_TRUE(pair.handshake());
  EXPECT_EQ(group_name(pair.facts().group), "secp384r1");
}

TEST(GroupSelection, asks_for_a_second_hello_when_there_is_no_usable_share) {
  Pair pair(make_server(example_settings()), make_client({.groups = {0x0019, 0x001d}}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(group_name(pair.facts().group), "x25519");
}

TEST(ProtocolSelection, follows_the_servers_order) {
  const auto server = make_server(example_settings());
  const auto chosen = [&](std::vector<std::string> offered) {
    Pair pair(server, make_client({.alpn = std::move(offered)}));
    GATE_CHECK(pair.handshake());
    return pair.facts().alpn;
  };
  EXPECT_EQ(chosen({"http/1.1", "h2"}), Alpn::kHttp2);
  EXPECT_EQ(chosen({"spdy/3", "http/1.1"}), Alpn::kHttp11);
  EXPECT_EQ(chosen({}), Alpn::kNone);
}

TEST(ProtocolSelection, offers_no_h2_where_the_site_has_it_off) {
  auto settings = example_settings();
  settings.sites[0].policy.http2 = false;
  Pair pair(make_server(settings), make_client({.alpn = {"h2", "http/1.1"}}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.facts().alpn, Alpn::kHttp11);
}

TEST(ProtocolSelection, refuses_clients_that_share_none) {
  for (const std::uint16_t version : {kTls12, kTls13}) {
    Pair pair(make_server(example_settings()), make_client({.alpn = {"imap", "h3"}, .version_max = version}));
    EXPECT_FALSE(pair.handshake());
    EXPECT_EQ(pair.server_failure(), kNoCommonProtocol);
    EXPECT_NE(pair.client.engine.failure().what.find("no application protocol"), std::string::npos);
  }
}

}  // namespace
}  // namespace gate::tls
