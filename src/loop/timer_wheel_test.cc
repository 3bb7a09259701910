#include "loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace gate::loop {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const base::Instant kStart{std::chrono::seconds{1000}};

struct Recorder final : Timer {
  void on_timer() override {
    ++fired;
    fired_at = *now;
  }
  const base::Instant* now = nullptr;
  int fired = 0;
  base::Instant fired_at;
};

class TimerWheelTest : public testing::Test {
 protected:
  std::unique_ptr<Recorder> recorder() {
    auto timer = std::make_unique<Recorder>();
    timer->now = &now_;
    return timer;
  }
  void advance_to(base::Instant when) {
    now_ = when;
    wheel_.advance(now_);
  }

  base::Instant now_ = kStart;
  TimerWheel wheel_{kStart};
};

TEST_F(TimerWheelTest, never_fires_early_and_at_most_a_tick_late) {
  std::mt19937_64 random(443);  // NOLINT: a fixed seed makes the test repeatable
  std::vector<std::pair<std::unique_ptr<Recorder>, base::Instant>> timers;
  for (int i = 0; i < 2000; ++i) {
    const auto due = kStart + milliseconds{random() % 2'000'000};
    timers.emplace_back(recorder(), due);
    wheel_.arm(*timers.back().first, due);
  }
  while (now_ < kStart + milliseconds{2'000'100}) {
    advance_to(std::max(now_ + milliseconds{1}, std::min(wheel_.next(), now_ + milliseconds{50'000})));
  }
  for (const auto& [timer, due] : timers) {
    ASSERT_EQ(timer->fired, 1);
    ASSERT_GE(timer->fired_at, due);
    ASSERT_LE(timer->fired_at, due + TimerWheel::kTick * 2);
  }
}

TEST_F(TimerWheelTest, next_is_never_later_than_the_first_timer) {
  auto timer = recorder();
  EXPECT_EQ(wheel_.next(), base::Instant::max());
  wheel_.arm(*timer, kStart + hours{3});
  EXPECT_LE(wheel_.next(), kStart + hours{3} + TimerWheel::kTick);
  EXPECT_GT(wheel_.next(), kStart);
}

TEST_F(TimerWheelTest, a_past_deadline_fires_at_the_next_tick) {
  advance_to(kStart + milliseconds{100});
  auto timer = recorder();
  wheel_.arm(*timer, kStart);
  advance_to(now_);
  EXPECT_EQ(timer->fired, 0);
  advance_to(now_ + TimerWheel::kTick);
  EXPECT_EQ(timer->fired, 1);
}

TEST_F(TimerWheelTest, a_cancelled_or_destroyed_timer_does_not_fire) {
  auto cancelled = recorder();
  auto destroyed = recorder();
  wheel_.arm(*cancelled, kStart + milliseconds{10});
  wheel_.arm(*destroyed, kStart + milliseconds{10});
  wheel_.cancel(*cancelled);
  destroyed.reset();
  advance_to(kStart + milliseconds{100});
  EXPECT_EQ(cancelled->fired, 0);
}

TEST_F(TimerWheelTest, a_rearmed_timer_fires_once_at_the_new_time) {
  auto timer = recorder();
  wheel_.arm(*timer, kStart + milliseconds{10});
  wheel_.arm(*timer, kStart + milliseconds{500});
  advance_to(kStart + milliseconds{400});
  EXPECT_EQ(timer->fired, 0);
  advance_to(kStart + milliseconds{510});
  EXPECT_EQ(timer->fired, 1);
}

TEST_F(TimerWheelTest, timers_beyond_the_wheels_reach_fire_at_its_edge) {
  auto timer = recorder();
  wheel_.arm(*timer, base::Instant::max());
  advance_to(kStart + hours{17});
  EXPECT_EQ(timer->fired, 0);
  advance_to(kStart + hours{19});
  EXPECT_EQ(timer->fired, 1);
}

TEST_F(TimerWheelTest, a_jump_of_the_clock_fires_everything_between) {
  std::vector<std::unique_ptr<Recorder>> timers;
  for (int i = 1; i <= 100; ++i) {
    timers.push_back(recorder());
    wheel_.arm(*timers.back(), kStart + std::chrono::seconds{i});
  }
  advance_to(kStart + hours{10});
  for (const auto& timer : timers) EXPECT_EQ(timer->fired, 1);
}

}  // namespace
}  // namespace gate::loop
