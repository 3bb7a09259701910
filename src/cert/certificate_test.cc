#include "cert/certificate.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cert/codes.h"
#include "cert/issue.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

Certificate root_of(const PrivateKey& key) {
  const auto constraints = NameConstraints::local();
  return make_root(key, {.common_name = "root"}, &constraints, {kNow, kNow + 48h});
}

Certificate leaf_of(const Certificate& root, const PrivateKey& root_key, const std::vector<std::string>& names) {
  return make_leaf(root, root_key,
                   {.names = names,
                    .public_key_info = PrivateKey::generate().public_key_info(),
                    .validity = {.not_before = kNow, .not_after = kNow + 24h}});
}

Certificate leaf_for(const std::vector<std::string>& names) {
  const PrivateKey root_key = PrivateKey::generate();
  const Certificate root = root_of(root_key);
  return leaf_of(root, root_key, names);
}

TEST(DnsNameMatching, compares_without_case_and_ignores_the_root_dot) {
  EXPECT_TRUE(matches_dns_name("example.com", "EXAMPLE.com"));
  EXPECT_TRUE(matches_dns_name("example.com", "example.com."));
  EXPECT_FALSE(matches_dns_name("example.com", "www.example.com"));
  EXPECT_FALSE(matches_dns_name("example.com", ""));
  EXPECT_FALSE(matches_dns_name("", ""));
}

TEST(DnsNameMatching, lets_a_wildcard_stand_for_exactly_one_left_most_label) {
  EXPECT_TRUE(matches_dns_name("*.example.com", "www.example.com"));
  EXPECT_TRUE(matches_dns_name("*.Example.com", "WWW.example.COM"));
  EXPECT_FALSE(matches_dns_name("*.example.com", "example.com"));
  EXPECT_FALSE(matches_dns_name("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(matches_dns_name("*.example.com", ".example.com"));
  EXPECT_TRUE(matches_dns_name("*.example.com", "*.example.com"));
  EXPECT_FALSE(matches_dns_name("www.example.com", "*.example.com"));
}

TEST(DnsNameMatching, honours_no_wildcard_elsewhere) {
  EXPECT_FALSE(matches_dns_name("w*.example.com", "www.example.com"));
  EXPECT_FALSE(matches_dns_name("www.*.com", "www.example.com"));
  EXPECT_FALSE(matches_dns_name("*.*.com", "www.example.com"));
  EXPECT_FALSE(matches_dns_name("*", "localhost"));
  EXPECT_FALSE(matches_dns_name("*.", "a."));
}

TEST(Certificate, states_its_facts) {
  const Certificate leaf = leaf_for({"app.test", "*.app.test", "127.0.0.1", "::1"});
  EXPECT_EQ(leaf.dns_names(), (std::vector<std::string>{"app.test", "*.app.test"}));
  EXPECT_EQ(leaf.addresses().size(), 2U);
  EXPECT_EQ(leaf.subject(), "");
  EXPECT_EQ(leaf.issuer(), "O=Gate443, CN=root");
  EXPECT_EQ(leaf.not_after() - leaf.not_before(), 24h);
  EXPECT_EQ(leaf.key_type(), KeyType::kEcdsaP256);
  EXPECT_EQ(leaf.key_bits(), 256U);
  EXPECT_EQ(leaf.serial().size(), 32U);
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_FALSE(leaf.is_self_issued());
  EXPECT_FALSE(leaf.is_weakly_signed());
}

TEST(Certificate, covers_addresses_only_by_address_names) {
  const Certificate leaf = leaf_for({"app.test", "127.0.0.1"});
  EXPECT_TRUE(leaf.covers("127.0.0.1"));
  EXPECT_FALSE(leaf.covers("127.0.0.2"));
  EXPECT_TRUE(leaf.covers("app.test"));
  EXPECT_FALSE(leaf.covers("www.app.test"));
}

TEST(Certificate, survives_the_way_through_pem) {
  const Certificate leaf = leaf_for({"app.test"});
  const auto again = certificates_from_pem("text before\n" + leaf.to_pem() + "text after\n", "here");
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->size(), 1U);
  EXPECT_EQ(again->front().fingerprint(), leaf.fingerprint());
}

TEST(Certificate, knows_who_signed_it) {
  const PrivateKey key = PrivateKey::generate();
  const PrivateKey other_key = PrivateKey::generate();
  const Certificate root = root_of(key);
  const Certificate impostor = root_of(other_key);
  const std::vector<std::string> names{"app.test"};
  const Certificate leaf = leaf_of(root, key, names);
  EXPECT_TRUE(leaf.is_signed_by(root));
  EXPECT_TRUE(impostor.has_issued(leaf));
  EXPECT_FALSE(leaf.is_signed_by(impostor));
}

TEST(Certificate, refuses_what_is_none) {
  EXPECT_EQ(certificates_from_pem("", "here").error().code, kCannotParseCertificate);
  EXPECT_EQ(
      certificates_from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "here").error().code,
      kCannotParseCertificate);
  EXPECT_EQ(Certificate::from_der(base::as_bytes("nonsense"), "here").error().code, kCannotParseCertificate);
}

TEST(Certificate, refuses_a_truncated_one_and_bytes_behind_one) {
  const Certificate leaf = leaf_for({"app.test"});
  EXPECT_FALSE(Certificate::from_der(leaf.der().first(leaf.der().size() - 1), "here").has_value());
  std::vector<std::byte> longer(leaf.der().begin(), leaf.der().end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(Certificate::from_der(longer, "here").has_value());
}

TEST(Certificate, refuses_a_good_one_followed_by_a_broken_one) {
  const Certificate leaf = leaf_for({"app.test"});
  const std::string broken = leaf.to_pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(certificates_from_pem(broken, "here").error().code, kCannotParseCertificate);
}

TEST(Certificate, refuses_a_bundle_of_too_many) {
  const std::string pem = leaf_for({"app.test"}).to_pem();
  std::string bundle;
  for (int i = 0; i < 33; ++i) bundle += pem;
  EXPECT_EQ(certificates_from_pem(bundle, "here").error().code, kCannotParseCertificate);
}

}  // namespace
}  // namespace gate::cert
