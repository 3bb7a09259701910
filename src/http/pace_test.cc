#include "http/pace.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

using namespace std::chrono_literals;

class PaceTest : public testing::Test {
 protected:
  Limits limits_{.stall_timeout = 30s, .body_rate_min = 100, .body_grace = 10s};
  base::Instant start_{1h};
  Pace pace_{limits_};
};

TEST_F(PaceTest, is_never_due_before_it_begins) {
  EXPECT_EQ(pace_.due(), base::Instant::max());
  EXPECT_FALSE(pace_.too_slow(start_));
}

TEST_F(PaceTest, begins_with_the_grace) {
  pace_.begin(start_);
  EXPECT_EQ(pace_.due(), start_ + 10s);
  EXPECT_FALSE(pace_.too_slow(start_ + 10s - 1ns));
  EXPECT_TRUE(pace_.too_slow(start_ + 10s));
}

TEST_F(PaceTest, may_have_a_grace_of_its_own) {
  Pace pace(limits_, 20s);
  pace.start(start_);
  EXPECT_EQ(pace.due(), start_ + 20s);
}

TEST_F(PaceTest, bytes_buy_time_at_the_rate) {
  pace_.begin(start_);
  pace_.progress(500, start_);
  EXPECT_EQ(pace_.due(), start_ + 15s);
}

TEST_F(PaceTest, a_trickle_below_the_rate_runs_out) {
  pace_.begin(start_);
  base::Instant now = start_;
  while (!pace_.too_slow(now)) {
    now += 1s;
    pace_.progress(50, now);
  }
  EXPECT_LE(now, start_ + 21s);
}

TEST_F(PaceTest, steady_progress_at_the_rate_never_runs_out) {
  pace_.begin(start_);
  base::Instant now = start_;
  for (int second = 0; second < 3600; ++second) {
    now += 1s;
    ASSERT_FALSE(pace_.too_slow(now));
    pace_.progress(100, now);
  }
}

TEST_F(PaceTest, saves_up_no_more_than_the_stall_timeout) {
  pace_.begin(start_);
  pace_.progress(1'000'000'000'000, start_);
  EXPECT_EQ(pace_.due(), start_ + 30s);
}

TEST_F(PaceTest, without_a_rate_any_progress_will_do) {
  limits_.body_rate_min = 0;
  pace_.begin(start_);
  pace_.progress(1, start_ + 9s);
  EXPECT_EQ(pace_.due(), start_ + 39s);
}

TEST_F(PaceTest, that_asks_no_rate_is_content_with_any_progress) {
  pace_.ask_no_rate();
  pace_.begin(start_);
  EXPECT_EQ(pace_.due(), start_ + 30s);
  pace_.progress(1, start_ + 29s);
  EXPECT_EQ(pace_.due(), start_ + 59s);
}

TEST_F(PaceTest, resuming_keeps_what_was_saved_up) {
  pace_.begin(start_);
  pace_.progress(1'000'000, start_);
  pace_.resume(start_ + 1s);
  EXPECT_EQ(pace_.due(), start_ + 30s);
  pace_.resume(start_ + 25s);
  EXPECT_EQ(pace_.due(), start_ + 35s);
}

TEST_F(PaceTest, time_in_which_the_peer_has_nothing_to_do_does_not_count) {
  pace_.start(start_);
  pace_.stop(start_ + 4s);
  EXPECT_FALSE(pace_.too_slow(start_ + 1000s));
  EXPECT_EQ(pace_.due(), base::Instant::max());
  pace_.start(start_ + 1000s);
  EXPECT_EQ(pace_.due(), start_ + 1006s);
}

TEST_F(PaceTest, what_comes_meanwhile_buys_time_for_later) {
  pace_.start(start_);
  pace_.stop(start_ + 9s);
  pace_.progress(500, start_ + 20s);
  pace_.start(start_ + 100s);
  EXPECT_EQ(pace_.due(), start_ + 106s);
}

TEST_F(PaceTest, stopping_and_starting_does_not_renew_the_grace) {
  base::Instant now = start_;
  for (int i = 0; i < 11 && !pace_.too_slow(now); ++i) {
    pace_.start(now);
    now += 1s;
    pace_.progress(1, now);
    pace_.stop(now);
    pace_.start(now);
  }
  EXPECT_TRUE(pace_.too_slow(now));
  EXPECT_LE(now, start_ + 11s);
}

TEST_F(PaceTest, starting_what_runs_changes_nothing) {
  pace_.start(start_);
  pace_.start(start_ + 5s);
  EXPECT_EQ(pace_.due(), start_ + 10s);
}

}  // namespace
}  // namespace gate::http
