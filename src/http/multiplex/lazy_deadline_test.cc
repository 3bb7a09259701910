#include "http/multiplex/lazy_deadline.h"

#include <gtest/gtest.h>

namespace gate::http::multiplex {
namespace {

using namespace std::chrono_literals;

TEST(LazyDeadline, is_the_earliest_that_was_noted) {
  const TurnTime time{.now = base::Instant{1h}, .wall = {}, .http_date = {}};
  LazyDeadline deadline(time);
  EXPECT_EQ(deadline.at(), base::Instant::max());
  deadline.note(time.now + 5s);
  deadline.note(time.now + 3s);
  deadline.note(time.now + 4s);
  EXPECT_EQ(deadline.at(), time.now + 3s);
  deadline.clear();
  EXPECT_EQ(deadline.at(), base::Instant::max());
}

TEST(LazyDeadline, what_is_not_reached_is_noted) {
  TurnTime time{.now = base::Instant{1h}, .wall = {}, .http_date = {}};
  LazyDeadline deadline(time);
  const base::Instant due = time.now + 1s;
  EXPECT_FALSE(deadline.reached(due));
  EXPECT_EQ(deadline.at(), due);
  time.now = due;
  deadline.clear();
  EXPECT_TRUE(deadline.reached(due));
  EXPECT_EQ(deadline.at(), base::Instant::max());
}

}  // namespace
}  // namespace gate::http::multiplex
