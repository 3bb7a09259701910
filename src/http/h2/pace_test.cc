#include "http/h2/pace.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gate::http::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Instant kStart{std::chrono::hours(1)};
const Limits kLimits{};  // 240 bytes a second, 10 s grace, 30 s stall

TEST(Pace, nothing_at_all_is_too_slow_after_the_stall_timeout) {
  Pace pace;
  pace.start(kStart);
  EXPECT_FALSE(pace.too_slow(kStart + seconds(29), kLimits));
  EXPECT_TRUE(pace.too_slow(kStart + seconds(30), kLimits));
}

TEST(Pace, a_trickle_is_too_slow_after_the_grace_period) {
  Pace pace;
  pace.start(kStart);
  for (int i = 1; i <= 10; ++i) pace.progress(100, kStart + seconds(i));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(9), kLimits));
  EXPECT_TRUE(pace.too_slow(kStart + seconds(10), kLimits));
}

TEST(Pace, the_floor_itself_is_fast_enough) {
  Pace pace;
  pace.start(kStart);
  pace.progress(2400, kStart + seconds(5));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(10), kLimits));
}

TEST(Pace, a_fast_beginning_does_not_pay_for_a_trickle_later) {
  Pace pace;
  pace.start(kStart);
  pace.progress(1'000'000'000, kStart + seconds(1));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(10), kLimits));
  pace.progress(1, kStart + seconds(15));
  EXPECT_TRUE(pace.too_slow(kStart + seconds(20), kLimits));
}

TEST(Pace, time_in_which_the_peer_has_nothing_to_do_does_not_count) {
  Pace pace;
  pace.start(kStart);
  pace.progress(1, kStart + seconds(1));
  pace.stop(kStart + seconds(1));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(1000), kLimits));
  pace.start(kStart + seconds(1000));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(1008), kLimits));
  EXPECT_TRUE(pace.too_slow(kStart + seconds(1009), kLimits));
}

TEST(Pace, stopping_and_starting_does_not_renew_the_grace_period) {
  Pace pace;
  base::Instant now = kStart;
  bool slow = false;
  for (int i = 0; i < 20 && !slow; ++i) {
    pace.start(now);
    now += seconds(1);
    pace.progress(1, now);
    pace.stop(now);
    pace.start(now);
    slow = pace.too_slow(now, kLimits);
  }
  EXPECT_TRUE(slow);
}

TEST(Pace, is_due_when_the_answer_can_change) {
  Pace pace;
  EXPECT_EQ(pace.due(kLimits), base::Instant::max());
  pace.start(kStart);
  EXPECT_EQ(pace.due(kLimits), kStart + seconds(10));
  EXPECT_FALSE(pace.too_slow(kStart + seconds(10), kLimits));
  EXPECT_EQ(pace.due(kLimits), kStart + seconds(20));
}

}  // namespace
}  // namespace gate::http::h2
