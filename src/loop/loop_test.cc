#include "loop/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace gate::loop {
namespace {

class LoopTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loop = Loop::create(clock_);
    ASSERT_TRUE(loop.has_value());
    loop_ = std::move(*loop);
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    ours_ = os::Fd(ends[0]);
    theirs_ = os::Fd(ends[1]);
  }
  void turn() { loop_->turn(loop_->now()); }

  base::SystemClock clock_;
  std::unique_ptr<Loop> loop_;
  os::Fd ours_;
  os::Fd theirs_;
};

struct Ears final : Watcher {
  void on_ready(Readiness readiness) override {
    ++calls;
    last = readiness;
  }
  int calls = 0;
  Readiness last;
};

TEST_F(LoopTest, tells_each_edge_once) {
  Ears ears;
  ASSERT_TRUE(loop_->watch(ours_.number(), ears, Loop::Mode::kEdges).has_value());
  turn();
  EXPECT_EQ(ears.calls, 1);
  EXPECT_TRUE(ears.last.writable);
  EXPECT_FALSE(ears.last.readable);
  ASSERT_EQ(write(theirs_.number(), "x", 1), 1);
  turn();
  EXPECT_EQ(ears.calls, 2);
  EXPECT_TRUE(ears.last.readable);
  turn();
  EXPECT_EQ(ears.calls, 2);
}

TEST_F(LoopTest, tells_a_level_each_turn_until_it_is_read) {
  Ears ears;
  ASSERT_TRUE(loop_->watch(ours_.number(), ears, Loop::Mode::kLevel).has_value());
  ASSERT_EQ(write(theirs_.number(), "x", 1), 1);
  turn();
  turn();
  EXPECT_EQ(ears.calls, 2);
  loop_->unwatch(ours_.number());
  turn();
  EXPECT_EQ(ears.calls, 2);
}

TEST_F(LoopTest, tells_of_what_a_level_is_watched_for) {
  Ears ears;
  ASSERT_TRUE(loop_->watch(ours_.number(), ears, Loop::Mode::kLevel).has_value());
  turn();
  EXPECT_EQ(ears.calls, 0);
  loop_->change_watch(ours_.number(), ears, {.reading = true, .writing = true});
  for (int i = 1; i <= 3; ++i) {
    turn();
    EXPECT_EQ(ears.calls, i);
    EXPECT_TRUE(ears.last.writable);
    EXPECT_FALSE(ears.last.readable);
  }
  ASSERT_EQ(write(theirs_.number(), "x", 1), 1);
  loop_->change_watch(ours_.number(), ears, {.reading = false, .writing = false});
  turn();
  EXPECT_EQ(ears.calls, 3);
  loop_->change_watch(ours_.number(), ears, {});
  turn();
  EXPECT_EQ(ears.calls, 4);
  EXPECT_TRUE(ears.last.readable);
}

TEST_F(LoopTest, a_closed_peer_is_readable) {
  Ears ears;
  ASSERT_TRUE(loop_->watch(ours_.number(), ears, Loop::Mode::kEdges).has_value());
  turn();
  theirs_.close();
  turn();
  EXPECT_TRUE(ears.last.readable);
}

// Whoever stops after a read that emptied the socket would never hear of the end: it makes no edge of its own.
TEST_F(LoopTest, an_end_behind_data_is_told_with_the_data) {
  Ears ears;
  ASSERT_TRUE(loop_->watch(ours_.number(), ears, Loop::Mode::kEdges).has_value());
  turn();
  EXPECT_FALSE(ears.last.ended);
  ASSERT_EQ(write(theirs_.number(), "x", 1), 1);
  ASSERT_EQ(shutdown(theirs_.number(), SHUT_WR), 0);
  turn();
  EXPECT_TRUE(ears.last.readable);
  EXPECT_TRUE(ears.last.ended);
}

TEST_F(LoopTest, watching_a_bad_descriptor_fails) {
  Ears ears;
  EXPECT_FALSE(loop_->watch(-1, ears, Loop::Mode::kEdges).has_value());
}

TEST_F(LoopTest, tasks_of_one_thread_run_in_order) {
  std::vector<int> seen;
  std::thread writer([&] {
    for (int i = 0; i < 1000; ++i) loop_->post([&seen, i] { seen.push_back(i); });
    loop_->stop();
  });
  loop_->run();
  writer.join();
  ASSERT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(LoopTest, tasks_that_never_ran_are_destroyed_with_the_loop) {
  auto owned = std::make_shared<int>(1);
  loop_->post([owned] {});
  loop_.reset();
  EXPECT_EQ(owned.use_count(), 1);
}

struct Repeater final : TurnEnd {
  explicit Repeater(Loop& loop) : loop_(loop) {}
  void on_turn_end() override {
    ++calls;
    loop_.schedule(*this);
  }
  Loop& loop_;
  int calls = 0;
};

TEST_F(LoopTest, turn_ends_run_once_a_turn_and_may_ask_for_the_next) {
  Repeater repeater(*loop_);
  loop_->schedule(repeater);
  loop_->schedule(repeater);
  turn();
  EXPECT_EQ(repeater.calls, 1);
  loop_->turn(base::Instant::max());  // must not sleep while a turn end waits
  EXPECT_EQ(repeater.calls, 2);
}

struct Corpse final : Mortal {
  Corpse(Loop& loop, int& deaths, int generation) : loop_(loop), deaths_(deaths), generation_(generation) {}
  ~Corpse() override {
    ++deaths_;
    if (generation_ > 0) loop_.bury(std::make_unique<Corpse>(loop_, deaths_, generation_ - 1));
  }
  Loop& loop_;
  int& deaths_;
  int generation_;
};

TEST_F(LoopTest, the_dead_live_until_the_end_of_the_turn_and_may_bury_others) {
  int deaths = 0;
  loop_->bury(std::make_unique<Corpse>(*loop_, deaths, 1));
  EXPECT_EQ(deaths, 0);
  turn();
  EXPECT_EQ(deaths, 1);
  turn();
  EXPECT_EQ(deaths, 2);
}

}  // namespace
}  // namespace gate::loop
