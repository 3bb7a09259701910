#include "cert/condition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "cert/authority_for_test.h"

namespace gate::cert {
namespace {

using std::chrono::days;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class ConditionTest : public testing::Test {
 protected:
  std::vector<Concern> concerns(const Examined& examined, base::WallTime now = kNow + days(1)) const {
    std::vector<Concern> found;
    for (const Finding& each : examine(examined, now)) found.push_back(each.concern);
    return found;
  }
  using Concerns = std::vector<Concern>;

  Credential root_ = for_test::root("root", kNow);
  Credential between_ = for_test::intermediate(root_, "between", kNow);
  Credential leaf_ = for_test::chained(for_test::leaf(between_, {"app.test", "*.app.test"}, kNow), between_);
  Roots trusted_ = Roots::of(root_.chain);
  Roots others_ = Roots::of(for_test::root("other", kNow).chain);
  std::array<const Roots*, 2> roots_{&others_, &trusted_};
};

TEST_F(ConditionTest, finds_nothing_wrong_with_a_good_certificate) {
  const std::array<std::string, 2> names{"app.test", "www.app.test"};
  EXPECT_EQ(concerns({.chain = leaf_.chain, .names = names, .roots = roots_}), Concerns{});
}

TEST_F(ConditionTest, finds_what_has_expired_or_is_not_valid_yet) {
  EXPECT_EQ(concerns({.chain = leaf_.chain, .roots = roots_}, kNow + days(31)), Concerns{Concern::kExpired});
  EXPECT_EQ(concerns({.chain = leaf_.chain, .roots = roots_}, kNow - days(1)), Concerns{Concern::kNotYetValid});
}

TEST_F(ConditionTest, finds_that_a_third_is_left_a_day_after_others_should_have_renewed_it) {
  EXPECT_EQ(concerns({.chain = leaf_.chain}, kNow + days(20)), Concerns{});
  EXPECT_EQ(concerns({.chain = leaf_.chain}, kNow + days(21)), Concerns{Concern::kExpiresSoon});
}

TEST_F(ConditionTest, waits_for_a_renewal_that_the_authority_wants_late) {
  const RenewalFacts facts{.window = RenewalWindow{kNow + days(23), kNow + days(24)}, .moment = kNow + days(23)};
  EXPECT_EQ(concerns({.chain = leaf_.chain, .facts = &facts}, kNow + days(22)), Concerns{});
  EXPECT_EQ(concerns({.chain = leaf_.chain, .facts = &facts}, kNow + days(24)), Concerns{Concern::kExpiresSoon});
}

TEST_F(ConditionTest, finds_names_that_it_is_not_for) {
  const std::array<std::string, 2> names{"app.test", "other.test"};
  const auto findings = examine({.chain = leaf_.chain, .names = names}, kNow);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().concern, Concern::kNameNotCovered);
  EXPECT_EQ(findings.front().text, "it is not for other.test");
}

TEST_F(ConditionTest, tells_an_incomplete_chain_from_an_untrusted_one) {
  EXPECT_EQ(concerns({.chain = std::span(leaf_.chain).first(1), .roots = roots_}), Concerns{Concern::kIncompleteChain});
  EXPECT_EQ(concerns({.chain = leaf_.chain, .roots = std::span(roots_).first(1)}), Concerns{Concern::kUntrusted});
  EXPECT_EQ(
      concerns({.chain = std::span(leaf_.chain).first(1), .is_complete = true, .roots = std::span(roots_).first(1)}),
      Concerns{Concern::kUntrusted});
  const Credential self_signed = for_test::root("app.test", kNow);
  EXPECT_EQ(concerns({.chain = self_signed.chain, .roots = roots_}), Concerns{Concern::kUntrusted});
}

TEST_F(ConditionTest, needs_no_issuer_in_the_chain_where_a_root_issued_the_leaf) {
  const Credential local = for_test::leaf(root_, {"192.0.2.1"}, kNow);
  EXPECT_EQ(concerns({.chain = local.chain, .roots = roots_}), Concerns{});
}

TEST_F(ConditionTest, finds_renewals_that_fail_from_the_second_on) {
  RenewalFacts facts{.failures = 1, .last_failure = RenewalFailure{.text = "no route to host"}};
  EXPECT_EQ(concerns({.chain = leaf_.chain, .facts = &facts}), Concerns{});
  facts.failures = 2;
  const auto findings = examine({.chain = leaf_.chain, .facts = &facts}, kNow);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().concern, Concern::kRenewalFails);
  EXPECT_NE(findings.front().text.find("no route to host"), std::string::npos);
}

TEST_F(ConditionTest, finds_what_has_been_revoked) {
  const RenewalFacts facts{.is_revoked = true};
  const auto found = concerns({.chain = leaf_.chain, .facts = &facts});
  EXPECT_NE(std::ranges::find(found, Concern::kRevoked), found.end());
  EXPECT_EQ(concerns({.chain = leaf_.chain, .is_revoked = true}), Concerns{Concern::kRevoked});
}

}  // namespace
}  // namespace gate::cert
