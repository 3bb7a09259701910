#include "http/h1/pace.h"

#include <gtest/gtest.h>

namespace gate::http::h1 {
namespace {

using namespace std::chrono_literals;

class PaceTest : public testing::Test {
 protected:
  Limits limits_{.stall_timeout = 30s, .body_rate_min = 100, .body_grace = 10s};
  base::Instant start_{1h};
};

TEST_F(PaceTest, begins_with_the_grace) {
  Pace pace(limits_);
  pace.start(start_);
  EXPECT_EQ(pace.due(), start_ + 10s);
}

TEST_F(PaceTest, bytes_buy_time_at_the_rate) {
  Pace pace(limits_);
  pace.start(start_);
  pace.progress(start_, 500);
  EXPECT_EQ(pace.due(), start_ + 15s);
}

TEST_F(PaceTest, a_trickle_below_the_rate_runs_out) {
  Pace pace(limits_);
  pace.start(start_);
  base::Instant now = start_;
  while (now < pace.due()) {
    now += 1s;
    pace.progress(now, 50);
  }
  EXPECT_LE(now, start_ + 21s);
}

TEST_F(PaceTest, steady_progress_at_the_rate_never_runs_out) {
  Pace pace(limits_);
  pace.start(start_);
  base::Instant now = start_;
  for (int second = 0; second < 3600; ++second) {
    now += 1s;
    ASSERT_LT(now, pace.due());
    pace.progress(now, 100);
  }
}

TEST_F(PaceTest, saves_up_no_more_than_the_stall_timeout) {
  Pace pace(limits_);
  pace.start(start_);
  pace.progress(start_, 1'000'000'000'000);
  EXPECT_EQ(pace.due(), start_ + 30s);
}

TEST_F(PaceTest, resuming_keeps_what_was_saved_up) {
  Pace pace(limits_);
  pace.start(start_);
  pace.progress(start_, 1'000'000);
  pace.resume(start_ + 1s);
  EXPECT_EQ(pace.due(), start_ + 30s);
  pace.resume(start_ + 25s);
  EXPECT_EQ(pace.due(), start_ + 35s);
}

TEST_F(PaceTest, without_a_rate_any_progress_will_do) {
  limits_.body_rate_min = 0;
  Pace pace(limits_);
  pace.start(start_);
  pace.progress(start_ + 9s, 1);
  EXPECT_EQ(pace.due(), start_ + 39s);
}

}  // namespace
}  // namespace gate::http::h1
