#include "http/multiplex/delivery.h"

#include <gtest/gtest.h>

namespace gate::http::multiplex {
namespace {

using namespace std::chrono_literals;

class DeliveryTest : public testing::Test {
 protected:
  void pass(base::Duration by) { time_.now += by; }

  Limits limits_{.stall_timeout = 30s, .body_rate_min = 100, .body_grace = 10s};
  TurnTime time_{.now = base::Instant{1h}, .wall = {}, .http_date = {}};
  LazyDeadline deadline_{time_};
  Delivery delivery_{Pace(limits_), time_, deadline_};
};

TEST_F(DeliveryTest, is_never_stuck_while_nothing_is_under_way) {
  delivery_.add(0);
  pass(1000s);
  EXPECT_FALSE(delivery_.stuck());
  EXPECT_EQ(deadline_.at(), base::Instant::max());
}

TEST_F(DeliveryTest, is_stuck_when_nothing_leaves_for_the_grace) {
  delivery_.add(1);
  EXPECT_EQ(deadline_.at(), time_.now + 10s);
  pass(9s);
  EXPECT_FALSE(delivery_.stuck());
  pass(1s);
  EXPECT_TRUE(delivery_.stuck());
}

TEST_F(DeliveryTest, progress_puts_the_end_off) {
  delivery_.add(1000);
  delivery_.progress(500);
  pass(14s);
  deadline_.clear();
  EXPECT_FALSE(delivery_.stuck());
  EXPECT_EQ(deadline_.at(), time_.now + 1s);
}

TEST_F(DeliveryTest, what_has_left_leaves_nothing_to_wait_for) {
  delivery_.add(1000);
  delivery_.progress(1000);
  EXPECT_EQ(delivery_.bytes(), 0U);
  pass(1000s);
  EXPECT_FALSE(delivery_.stuck());
}

TEST_F(DeliveryTest, more_progress_than_was_due_is_no_debt) {
  delivery_.add(10);
  delivery_.progress(1'000'000);
  delivery_.add(10);
  EXPECT_EQ(delivery_.bytes(), 10U);
}

TEST_F(DeliveryTest, the_next_portion_has_the_grace_again) {
  delivery_.add(1);
  pass(9s);
  delivery_.progress(1);
  delivery_.add(1);
  pass(9s);
  EXPECT_FALSE(delivery_.stuck());
}

}  // namespace
}  // namespace gate::http::multiplex
