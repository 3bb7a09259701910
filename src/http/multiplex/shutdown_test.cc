#include "http/multiplex/shutdown.h"

#include <gtest/gtest.h>

namespace gate::http::multiplex {
namespace {

using namespace std::chrono_literals;

class ShutdownTest : public testing::Test {
 protected:
  TurnTime time_{.now = base::Instant{1h}, .wall = {}, .http_date = {}};
  LazyDeadline deadline_{time_};
  Shutdown shutdown_;
};

TEST_F(ShutdownTest, is_nothing_unless_asked_for) {
  shutdown_.check(deadline_);
  EXPECT_FALSE(shutdown_.begun());
  EXPECT_FALSE(shutdown_.take_due());
  EXPECT_EQ(deadline_.at(), base::Instant::max());
}

TEST_F(ShutdownTest, is_due_when_the_client_has_seen_the_announcement) {
  shutdown_.announce(time_.now + 2s, deadline_);
  EXPECT_TRUE(shutdown_.begun());
  EXPECT_FALSE(shutdown_.take_due());
  shutdown_.hasten();
  EXPECT_TRUE(shutdown_.take_due());
}

TEST_F(ShutdownTest, is_due_when_the_time_is_up) {
  shutdown_.announce(time_.now + 2s, deadline_);
  EXPECT_EQ(deadline_.at(), time_.now + 2s);
  time_.now += 1s;
  shutdown_.check(deadline_);
  EXPECT_FALSE(shutdown_.take_due());
  time_.now += 1s;
  shutdown_.check(deadline_);
  EXPECT_TRUE(shutdown_.take_due());
}

TEST_F(ShutdownTest, the_final_notice_is_sent_once) {
  shutdown_.hasten();
  EXPECT_FALSE(shutdown_.done());
  EXPECT_TRUE(shutdown_.take_due());
  EXPECT_TRUE(shutdown_.done());
  shutdown_.hasten();
  EXPECT_FALSE(shutdown_.take_due());
}

}  // namespace
}  // namespace gate::http::multiplex
