#include "cert/credential.h"

#include <gtest/gtest.h>

#include "cert/authority_for_test.h"
#include "cert/codes.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class CredentialLoading : public testing::Test {
 protected:
  // A root, two intermediates and a leaf for `names_`.
  void SetUp() override {
    root_ = for_test::root("root", kNow);
    outer_ = for_test::intermediate(*root_, "outer", kNow);
    inner_ = for_test::intermediate(*outer_, "inner", kNow);
    leaf_ = for_test::leaf(*inner_, names_, kNow);
  }

  base::Result<Credential> load(const std::string& chain, const std::vector<std::string>& names,
                                base::WallTime now = kNow + 1h) const {
    return load_credential({chain, leaf_->key.to_pem(), "chain.pem", "key.pem"}, names, now);
  }

  std::string leaf() const { return leaf_->leaf().to_pem(); }
  std::string inner() const { return inner_->leaf().to_pem(); }
  std::string outer() const { return outer_->leaf().to_pem(); }
  std::string root() const { return root_->leaf().to_pem(); }

  const std::vector<std::string> names_{"example.com", "*.example.com"};
  std::optional<Credential> root_, outer_, inner_, leaf_;
};

TEST_F(CredentialLoading, accepts_a_complete_chain) {
  const auto credential = load(leaf() + inner() + outer(), {"example.com", "www.example.com"});
  ASSERT_TRUE(credential.has_value()) << credential.error().what;
  EXPECT_EQ(credential->chain.size(), 3U);
  EXPECT_EQ(credential->leaf().fingerprint(), leaf_->leaf().fingerprint());
}

TEST_F(CredentialLoading, puts_certificates_in_order_and_drops_root_and_strangers) {
  const std::string stranger = for_test::root("stranger", kNow).leaf().to_pem();
  const auto credential = load(root() + outer() + stranger + inner() + leaf(), names_);
  ASSERT_TRUE(credential.has_value()) << credential.error().what;
  ASSERT_EQ(credential->chain.size(), 3U);
  EXPECT_EQ(credential->chain[0].fingerprint(), leaf_->leaf().fingerprint());
  EXPECT_EQ(credential->chain[1].fingerprint(), inner_->leaf().fingerprint());
  EXPECT_EQ(credential->chain[2].fingerprint(), outer_->leaf().fingerprint());
}

TEST_F(CredentialLoading, refuses_the_leaf_alone) { EXPECT_EQ(load(leaf(), names_).error().code, kChainIncomplete); }

TEST_F(CredentialLoading, refuses_an_issuer_that_only_has_the_right_name) {
  const Credential impostor = for_test::intermediate(*root_, "inner", kNow);
  EXPECT_EQ(load(leaf() + impostor.leaf().to_pem(), names_).error().code, kChainIncomplete);
}

TEST_F(CredentialLoading, accepts_a_self_signed_leaf_and_one_below_a_root_in_the_file) {
  const Credential self = for_test::root("self", kNow);
  EXPECT_TRUE(load_credential({self.leaf().to_pem(), self.key.to_pem(), "c", "k"}, {}, kNow + 1h).has_value());
  const Credential direct = for_test::leaf(*root_, names_, kNow);
  const auto loaded =
      load_credential({direct.leaf().to_pem() + root(), direct.key.to_pem(), "c", "k"}, names_, kNow + 1h);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->chain.size(), 1U);
}

TEST_F(CredentialLoading, refuses_a_key_of_another_certificate) {
  const std::string key = PrivateKey::generate().to_pem();
  const auto loaded = load_credential({leaf() + inner() + outer(), key, "chain.pem", "key.pem"}, names_, kNow + 1h);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, kKeyDoesNotMatch);
  EXPECT_NE(loaded.error().what.find("key.pem"), std::string::npos);
}

TEST_F(CredentialLoading, refuses_dates_before_and_after) {
  const std::string chain = leaf() + inner() + outer();
  EXPECT_EQ(load(chain, names_, kNow - 1s).error().code, kNotYetValid);
  EXPECT_EQ(load(chain, names_, kNow + for_test::kLifetime + 1s).error().code, kExpired);
  EXPECT_TRUE(load(chain, names_, kNow + for_test::kLifetime).has_value());
}

TEST_F(CredentialLoading, names_what_the_certificate_does_not_cover) {
  const auto loaded = load(leaf() + inner() + outer(), {"example.com", "example.org", "a.b.example.com"});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, kNameNotCovered);
  EXPECT_NE(loaded.error().what.find("example.org, a.b.example.com"), std::string::npos);
}

TEST_F(CredentialLoading, refuses_a_chain_signed_over_sha1) {
  const Credential old = for_test::sha1_leaf(*inner_, names_, kNow);
  const auto loaded =
      load_credential({old.leaf().to_pem() + inner() + outer(), old.key.to_pem(), "c", "k"}, names_, kNow + 1h);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, kWeakKey);
}

TEST_F(CredentialLoading, clones_the_key) {
  const Credential copy = leaf_->clone();
  EXPECT_NE(copy.key.native(), leaf_->key.native());
  EXPECT_EQ(copy.leaf().fingerprint(), leaf_->leaf().fingerprint());
}

}  // namespace
}  // namespace gate::cert
