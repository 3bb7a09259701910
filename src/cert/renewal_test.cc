#include "cert/renewal.h"

#include <gtest/gtest.h>

#include "cert/random_for_test.h"

namespace gate::cert {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::WallTime kNow{seconds(1'800'000'000)};
constexpr Validity kLong{kNow, kNow + days(90)};
constexpr Validity kShort{kNow, kNow + days(6)};

class RenewalTest : public testing::Test {
 protected:
  // How often it is tried from when it is due until it ends, if every try fails with `fault`.
  unsigned tries_before_the_end(const Validity& validity, RenewalFault fault) {
    RenewalFacts facts{.has_window_service = false};
    base::WallTime now = planned_renewal("a.test", validity, facts).when;
    unsigned tries = 0;
    while (now < validity.not_after) {
      note_failure(facts, validity, fault, "no", {}, now, random_);
      now = next_step("a.test", validity, facts, now).when;
      ++tries;
    }
    return tries;
  }

  for_test::SeededRandom random_{1};
  RenewalFacts facts_{.has_window_service = false};
};

TEST_F(RenewalTest, is_planned_before_a_third_of_the_life_is_left) {
  for (const char* name : {"a.test", "b.test", "*.test", "192.0.2.1"}) {
    const auto plan = planned_renewal(name, kLong, facts_);
    EXPECT_EQ(plan.reason, RenewalReason::kTwoThirds);
    EXPECT_GE(plan.when, kNow + kLong.lifetime() * 60 / 100) << name;
    EXPECT_LE(plan.when, kNow + kLong.lifetime() * 65 / 100) << name;
  }
}

TEST_F(RenewalTest, is_planned_for_half_of_the_life_of_a_short_lived_certificate) {
  const auto plan = planned_renewal("a.test", kShort, facts_);
  EXPECT_EQ(plan.reason, RenewalReason::kHalf);
  EXPECT_GE(plan.when, kNow + kShort.lifetime() * 43 / 100);
  EXPECT_LE(plan.when, kNow + kShort.lifetime() * 48 / 100);
}

TEST_F(RenewalTest, is_spread_by_name_and_the_same_each_time) {
  EXPECT_EQ(planned_renewal("a.test", kLong, facts_).when, planned_renewal("a.test", kLong, facts_).when);
  EXPECT_NE(planned_renewal("a.test", kLong, facts_).when, planned_renewal("b.test", kLong, facts_).when);
}

TEST_F(RenewalTest, asks_for_the_window_at_once_and_then_when_the_authority_says) {
  RenewalFacts facts;
  EXPECT_EQ(next_step("a.test", kLong, facts, kNow).reason, RenewalReason::kAskWindow);
  EXPECT_TRUE(next_step("a.test", kLong, facts, kNow).is_due(kNow));
  note_window(facts, {kNow + days(50), kNow + days(52)}, hours(3), kNow, random_);
  EXPECT_EQ(next_step("a.test", kLong, facts, kNow).when, kNow + hours(3));
}

TEST_F(RenewalTest, keeps_the_time_to_ask_between_a_minute_and_a_day) {
  RenewalFacts facts;
  note_window(facts, {kNow + days(50), kNow + days(52)}, seconds(0), kNow, random_);
  EXPECT_EQ(facts.ask_window_at, kNow + minutes(1));
  note_window(facts, {kNow + days(50), kNow + days(52)}, days(400), kNow, random_);
  EXPECT_EQ(facts.ask_window_at, kNow + days(1));
  note_no_window(facts, kNow);
  EXPECT_EQ(facts.ask_window_at, kNow + hours(6));
}

TEST_F(RenewalTest, chooses_a_moment_in_the_window_once) {
  RenewalFacts facts;
  const RenewalWindow window{kNow + days(50), kNow + days(52)};
  note_window(facts, window, {}, kNow, random_);
  const auto moment = facts.moment;
  EXPECT_GE(moment, window.start);
  EXPECT_LT(moment, window.end);
  note_window(facts, window, {}, kNow + hours(6), random_);
  note_window(facts, {window.start - days(1), window.end}, {}, kNow + hours(12), random_);
  EXPECT_EQ(facts.moment, moment) << "a window that still holds it leaves it alone";
  note_window(facts, {kNow + days(1), kNow + days(2)}, {}, kNow + hours(18), random_);
  EXPECT_LT(facts.moment, kNow + days(2)) << "one that has moved gives a new one";
}

TEST_F(RenewalTest, renews_at_once_when_the_window_has_passed) {
  RenewalFacts facts;
  note_window(facts, {kNow - days(2), kNow - days(1)}, {}, kNow, random_);
  const auto step = next_step("a.test", kLong, facts, kNow);
  EXPECT_EQ(step.reason, RenewalReason::kWindowPassed);
  EXPECT_TRUE(step.is_due(kNow));
}

TEST_F(RenewalTest, renews_at_once_what_has_been_revoked) {
  RenewalFacts facts{.is_revoked = true};
  EXPECT_EQ(next_step("a.test", kLong, facts, kNow).reason, RenewalReason::kRevoked);
  EXPECT_TRUE(next_step("a.test", kLong, facts, kNow).is_due(kNow));
}

TEST_F(RenewalTest, never_renews_what_was_given_up) {
  RenewalFacts facts{.is_revoked = true, .is_given_up = true};
  for (const auto now : {kNow, kLong.not_after + days(400)}) {
    EXPECT_EQ(next_step("a.test", kLong, facts, now).reason, RenewalReason::kGivenUp);
    EXPECT_FALSE(next_step("a.test", kLong, facts, now).is_due(now));
  }
  note_success(facts, kNow);
  EXPECT_FALSE(facts.is_given_up);
}

TEST_F(RenewalTest, follows_no_window_beyond_the_safe_end) {
  RenewalFacts facts;
  note_window(facts, {kLong.not_after - minutes(2), kLong.not_after - minutes(1)}, {}, kNow, random_);
  EXPECT_EQ(planned_renewal("a.test", kLong, facts).reason, RenewalReason::kSafetyLimit);
  EXPECT_EQ(planned_renewal("a.test", kLong, facts).when, kLong.not_after - days(5));
  note_window(facts, {kShort.not_after + days(900), kShort.not_after + days(901)}, {}, kNow, random_);
  EXPECT_EQ(planned_renewal("a.test", kShort, facts).when, kShort.not_after - days(2));
}

TEST_F(RenewalTest, asks_for_no_window_after_the_end) {
  RenewalFacts facts;
  EXPECT_TRUE(next_step("a.test", kShort, facts, kShort.not_after + hours(1)).is_renewal());
}

TEST_F(RenewalTest, waits_longer_after_each_failure) {
  const base::WallTime due = planned_renewal("a.test", kLong, facts_).when;
  note_failure(facts_, kLong, RenewalFault::kNetwork, "no route", {}, due, random_);
  EXPECT_LE(facts_.last_failure->next_try, due + minutes(1));
  EXPECT_EQ(next_step("a.test", kLong, facts_, due).reason, RenewalReason::kRetry);
  for (int i = 0; i < 30; ++i) note_failure(facts_, kLong, RenewalFault::kNetwork, "no route", {}, due, random_);
  EXPECT_GT(facts_.last_failure->next_try, due + hours(4));
  EXPECT_LE(facts_.last_failure->next_try, due + hours(6));
  EXPECT_EQ(facts_.failures, 31U);
}

TEST_F(RenewalTest, keeps_the_time_that_the_authority_names) {
  const base::WallTime due = planned_renewal("a.test", kLong, facts_).when;
  note_failure(facts_, kLong, RenewalFault::kRateLimited, "too many", hours(34), due, random_);
  EXPECT_EQ(facts_.last_failure->next_try, due + hours(34));
  note_failure(facts_, kLong, RenewalFault::kRateLimited, "too many", days(365), due, random_);
  EXPECT_EQ(facts_.last_failure->next_try, due + days(7)) << "no authority may ask for more";
  note_failure(facts_, kShort, RenewalFault::kRateLimited, "too many", days(7), kNow + days(2), random_);
  EXPECT_EQ(facts_.last_failure->next_try, latest_renewal(kShort)) << "a last try before the end";
  note_failure(facts_, kShort, RenewalFault::kRateLimited, "too many", days(7), kNow + hours(132), random_);
  EXPECT_EQ(facts_.last_failure->next_try, kNow + hours(132) + minutes(90)) << "and more of them, closer and closer";
}

TEST_F(RenewalTest, tries_eight_times_and_more_before_a_short_lived_certificate_ends) {
  EXPECT_GE(tries_before_the_end(kShort, RenewalFault::kRefused), 8U);
  EXPECT_GE(tries_before_the_end(kShort, RenewalFault::kRateLimited), 8U);
  EXPECT_GE(tries_before_the_end(kShort, RenewalFault::kNetwork), 12U);
  EXPECT_GE(tries_before_the_end(kLong, RenewalFault::kRefused), 30U);
}

TEST_F(RenewalTest, tries_often_before_anybody_could_notice) {
  const Validity validity{kNow, kNow + days(47)};
  base::WallTime now = planned_renewal("a.test", validity, facts_).when;
  int tries = 0;
  for (; now < kNow + validity.lifetime() * 2 / 3; ++tries) {
    note_failure(facts_, validity, RenewalFault::kNetwork, "no route", {}, now, random_);
    now = facts_.last_failure->next_try;
  }
  EXPECT_GE(tries, 8);
}

TEST_F(RenewalTest, tries_at_once_when_the_clock_was_ahead_at_the_last_try) {
  const base::WallTime due = planned_renewal("a.test", kLong, facts_).when;
  note_failure(facts_, kLong, RenewalFault::kNetwork, "no route", {}, due + days(3650), random_);
  EXPECT_TRUE(next_step("a.test", kLong, facts_, due).is_due(due));
}

TEST_F(RenewalTest, asks_at_once_when_the_clock_was_ahead_at_the_last_question) {
  RenewalFacts facts;
  note_no_window(facts, kNow + days(3650));
  EXPECT_EQ(next_step("a.test", kLong, facts, kNow).reason, RenewalReason::kAskWindow);
  EXPECT_TRUE(next_step("a.test", kLong, facts, kNow).is_due(kNow));
}

TEST_F(RenewalTest, forgets_all_but_the_authority_once_it_has_succeeded) {
  RenewalFacts facts{.directory = "https://ca.test/dir", .is_revoked = true};
  note_window(facts, {kNow, kNow + days(1)}, {}, kNow, random_);
  note_failure(facts, kLong, RenewalFault::kRefused, "no", {}, kNow, random_);
  note_success(facts, kNow);
  EXPECT_EQ(facts, (RenewalFacts{.directory = "https://ca.test/dir", .first_issued = kNow}));
  note_success(facts, kNow + days(60));
  EXPECT_EQ(facts.first_issued, kNow);
}

}  // namespace
}  // namespace gate::cert
