#include "app/read_settings.h"

#include <gtest/gtest.h>

#include <string>

#include "app/codes.h"
#include "app/configuration_source.h"
#include "conf/environment.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

class ReadSettingsTest : public testing::Test {
 protected:
  LoadedConfiguration load(const std::string& text) {
    return load_configuration({.path = {}, .text = text, .name = "test.conf"}, environment_);
  }
  std::string site(const std::string& name, const std::string& inside = "") {
    return "site " + name + " {\n  respond 200 hello\n" + inside + "}\n";
  }
  static bool has(const LoadedConfiguration& loaded, base::ErrorCode code) {
    for (const auto& each : loaded.diagnostics.shown()) {
      if (each.code == code) return true;
    }
    return false;
  }

  conf::SystemEnvironment environment_;
};

TEST_F(ReadSettingsTest, a_site_needs_nothing_else) {
  const auto loaded = load(site("localhost"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  EXPECT_EQ(loaded.settings.sites.size(), 1U);
  EXPECT_TRUE(loaded.settings.sites.front().local_certificate);
  ASSERT_EQ(loaded.settings.https.size(), 2U);
  EXPECT_EQ(loaded.settings.https.front().port, 443);
  EXPECT_EQ(loaded.settings.http.front().port, 80);
}

TEST_F(ReadSettingsTest, addresses_may_be_ports_names_and_endpoints) {
  const auto loaded = load("https 8443 localhost:9443 192.0.2.1:443 [2001:db8::1]:443\nhttp off\n" + site("localhost"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  EXPECT_EQ(loaded.settings.https.size(), 6U);
  EXPECT_TRUE(loaded.settings.http.empty());
}

TEST_F(ReadSettingsTest, refuses_what_is_no_address) {
  EXPECT_TRUE(has(load("https example\n" + site("localhost")), conf::kBadAddress));
  EXPECT_TRUE(has(load("https 70000\n" + site("localhost")), conf::kBadAddress));
}

TEST_F(ReadSettingsTest, a_configuration_without_sites_is_refused) { EXPECT_TRUE(has(load("https 8443\n"), kNoSites)); }

TEST_F(ReadSettingsTest, a_site_that_answers_nothing_is_refused) {
  EXPECT_TRUE(has(load("site localhost {\n  tls local\n}\n"), kEmptySite));
}

TEST_F(ReadSettingsTest, a_public_name_gets_its_certificate_from_an_authority) {
  const auto loaded = load("email ops@example.com\n" + site("example.com www.example.com"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  const auto& found = loaded.settings.sites.front();
  EXPECT_FALSE(found.local_certificate);
  ASSERT_TRUE(found.acme);
  ASSERT_EQ(found.acme->authorities.size(), 1U);
  EXPECT_EQ(found.acme->authorities.front().directory, "https://acme-v02.api.letsencrypt.org/directory");
  EXPECT_NE(found.acme->authorities.front().roots, nullptr);
  EXPECT_EQ(loaded.settings.email, "ops@example.com");
  for (const std::string inside : {"  tls local\n", "  tls cert a.pem key b.pem\n"}) {
    const auto other = load(site("example.com", inside));
    ASSERT_TRUE(other.good()) << other.report();
    EXPECT_FALSE(other.settings.sites.front().acme);
  }
}

TEST_F(ReadSettingsTest, a_name_that_cannot_be_public_gets_the_local_authority) {
  for (const std::string name :
       {"router", "app.localhost", "nas.local", "x.test", "a.internal", "box.home.arpa", "192.0.2.7", "2001:db8::7"}) {
    const auto loaded = load(site(name));
    ASSERT_TRUE(loaded.good()) << loaded.report();
    EXPECT_TRUE(loaded.settings.sites.front().local_certificate) << name;
    EXPECT_FALSE(loaded.settings.sites.front().acme) << name;
  }
}

TEST_F(ReadSettingsTest, no_authority_is_asked_where_it_cannot_issue) {
  EXPECT_TRUE(has(load(site("example.com app.localhost")), kCertificateNeeded));
  EXPECT_TRUE(has(load(site("*.example.com")), kCertificateNeeded));
  EXPECT_TRUE(load(site("192.0.2.7", "  tls acme\n")).settings.sites.front().acme);
}

TEST_F(ReadSettingsTest, a_site_says_of_authorities_what_all_do_not) {
  const auto loaded = load(site("a.example.com") + site("b.example.com", R"(  tls acme {
    authority zerossl {
      preferred-chain "Some Root"
    }
    challenges tls-alpn-01
  }
)") + R"(acme {
  authority letsencrypt-staging {
    profile shortlived
  }
  authority https://ca.example.net/dir
  challenges http-01
}
)");
  ASSERT_TRUE(loaded.good()) << loaded.report();
  const auto& usual = *loaded.settings.sites[0].acme;
  ASSERT_EQ(usual.authorities.size(), 2U);
  EXPECT_EQ(usual.authorities[0].profile, "shortlived");
  EXPECT_EQ(usual.authorities[1].directory, "https://ca.example.net/dir");
  EXPECT_EQ(usual.challenges, std::vector<std::string>{"http-01"});
  const auto& own = *loaded.settings.sites[1].acme;
  ASSERT_EQ(own.authorities.size(), 1U);
  EXPECT_EQ(own.authorities[0].directory, "https://acme.zerossl.com/v2/DV90");
  EXPECT_EQ(own.authorities[0].preferred_chain, "Some Root");
  EXPECT_EQ(own.challenges, std::vector<std::string>{"tls-alpn-01"});
}

TEST_F(ReadSettingsTest, refuses_what_is_no_authority) {
  const auto acme = [&](const std::string& inside) { return load("acme {\n" + inside + "\n}\n" + site("localhost")); };
  EXPECT_TRUE(has(acme("authority http://ca.example/dir"), conf::kBadChoice));
  EXPECT_TRUE(has(acme("authority letsencript"), conf::kBadChoice));
  EXPECT_TRUE(has(acme("challenges http-02"), conf::kBadChoice));
  EXPECT_TRUE(has(acme("authority zerossl {\n eab kid secret\n}"), conf::kSecretInPlain));
  EXPECT_TRUE(has(load("email nobody\n" + site("localhost")), conf::kBadChoice));
  EXPECT_TRUE(has(load(site("localhost", "  tls local {\n }\n")), conf::kBlockNotAllowed));
}

TEST_F(ReadSettingsTest, local_and_own_certificates_exclude_each_other) {
  EXPECT_TRUE(has(load(site("localhost", "  tls local\n  tls cert a.pem key b.pem\n")), conf::kContradiction));
}

TEST_F(ReadSettingsTest, a_name_belongs_to_one_site) {
  EXPECT_TRUE(has(load(site("localhost") + site("localhost")), kDuplicateSiteName));
}

TEST_F(ReadSettingsTest, one_site_at_most_is_the_default) {
  EXPECT_TRUE(load(site("a.localhost", "  default\n") + site("b.localhost")).good());
  EXPECT_TRUE(has(load(site("a.localhost", "  default\n") + site("b.localhost", "  default\n")), kSeveralDefaults));
}

TEST_F(ReadSettingsTest, metrics_stay_on_the_machine) {
  EXPECT_TRUE(load("metrics 127.0.0.1:9443\n" + site("localhost")).good());
  EXPECT_TRUE(has(load("metrics 192.0.2.1:9443\n" + site("localhost")), kMetricsNotLoopback));
}

TEST_F(ReadSettingsTest, a_key_log_is_warned_about) {
  const auto loaded = load("key-log keys.txt\n" + site("localhost"));
  EXPECT_TRUE(loaded.good());
  EXPECT_EQ(loaded.diagnostics.warning_count(), 1U);
}

TEST_F(ReadSettingsTest, limits_are_set_and_bounded) {
  const auto loaded =
      load("limits {\n  header-size 32KiB\n  streams 50\n  idle-timeout 5s\n  body-rate 1KB\n}\n" + site("localhost"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  EXPECT_EQ(loaded.settings.limits.header_bytes_max, 32U * 1024);
  EXPECT_EQ(loaded.settings.limits.streams_max, 50U);
  EXPECT_EQ(loaded.settings.limits.idle_timeout, std::chrono::seconds(5));
  EXPECT_FALSE(load("limits {\n  header-size 1GB\n}\n" + site("localhost")).good());
  EXPECT_FALSE(load("limits {\n  streams 0\n}\n" + site("localhost")).good());
}

TEST_F(ReadSettingsTest, unknown_words_are_reported_with_the_nearest_known_one) {
  const auto loaded = load("htps 8443\n" + site("localhost", "  fils /srv\n"));
  EXPECT_EQ(loaded.diagnostics.error_count(), 2U);
  EXPECT_NE(loaded.report().find("did you mean \"https\"?"), std::string::npos);
  EXPECT_NE(loaded.report().find("did you mean \"files\"?"), std::string::npos);
}

TEST_F(ReadSettingsTest, logged_credentials_are_redacted_unless_said_otherwise) {
  const auto loaded = load(site("localhost", "  log-field request Authorization\n  log-field request Cookie clear\n"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  const auto& fields = loaded.settings.sites.front().log_fields.request;
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_TRUE(fields[0].redacted);
  EXPECT_FALSE(fields[1].redacted);
}

TEST_F(ReadSettingsTest, equal_sites_have_equal_texts_and_changed_ones_do_not) {
  const auto one = load(site("localhost"));
  const auto same = load("# a comment\nhttps 8443\n" + site("localhost"));
  const auto other = load(site("localhost", "  compress off\n"));
  EXPECT_EQ(one.settings.sites.front().text, same.settings.sites.front().text);
  EXPECT_NE(one.settings.sites.front().text, other.settings.sites.front().text);
}

TEST_F(ReadSettingsTest, the_proxy_protocol_is_for_the_addresses_named_or_for_all) {
  const auto all = load("https 8443\nproxy-protocol from 10.0.0.0/8 ::1\n" + site("localhost"));
  ASSERT_TRUE(all.good()) << all.report();
  EXPECT_EQ(all.settings.proxy_protocol.value().proxies.size(), 2U);
  EXPECT_TRUE(all.settings.proxy_protocol->covers(all.settings.https.front()));
  EXPECT_TRUE(all.settings.proxy_protocol->covers(all.settings.http.front()));
  const auto one = load("https 443 8443\nproxy-protocol 8443 from 10.0.0.0/8\n" + site("localhost"));
  ASSERT_TRUE(one.good()) << one.report();
  EXPECT_FALSE(one.settings.proxy_protocol.value().covers(one.settings.https.front()));
  EXPECT_TRUE(one.settings.proxy_protocol->covers(one.settings.https.back()));
}

TEST_F(ReadSettingsTest, the_proxy_protocol_needs_proxies_and_an_address_that_is_served) {
  EXPECT_TRUE(has(load("proxy-protocol 443\n" + site("localhost")), conf::kWrongArgumentCount));
  EXPECT_TRUE(has(load("proxy-protocol from\n" + site("localhost")), conf::kWrongArgumentCount));
  EXPECT_TRUE(has(load("proxy-protocol 8443 from ::1\n" + site("localhost")), conf::kContradiction));
  EXPECT_TRUE(has(load("proxy-protocol from everywhere\n" + site("localhost")), conf::kBadCidr));
}

TEST_F(ReadSettingsTest, proxies_are_trusted_in_one_field_or_in_either) {
  const auto either = load("trusted-proxies 10.0.0.0/8\n" + site("localhost"));
  ASSERT_TRUE(either.good()) << either.report();
  EXPECT_EQ(either.settings.trusted_proxies.by, http::TrustedProxies::By::kEither);
  EXPECT_EQ(either.settings.trusted_proxies.blocks.size(), 1U);
  const auto one = load("trusted-proxies ::1 {\n  by x-forwarded-for\n}\n" + site("localhost"));
  EXPECT_EQ(one.settings.trusted_proxies.by, http::TrustedProxies::By::kXForwardedFor);
  EXPECT_TRUE(has(load("trusted-proxies ::1 {\n  by via\n}\n" + site("localhost")), conf::kBadChoice));
}

TEST_F(ReadSettingsTest, every_statement_has_a_summary_for_explain) {
  for (const auto& each : statement_help()) {
    EXPECT_FALSE(each.summary.empty()) << each.name;
    EXPECT_TRUE(each.synopsis.starts_with(each.name)) << each.name;
  }
}

}  // namespace
}  // namespace gate::app
