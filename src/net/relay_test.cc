#include "net/relay.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "http/testing/fake_exchange.h"

namespace gate::net {
namespace {

using namespace std::chrono_literals;

class RelayTest : public testing::Test, protected RelayOwner {
 protected:
  void SetUp() override {
    loop_ = loop::Loop::create(clock_).value();
    auto [client, ours] = pair();
    auto [server, theirs] = pair();
    client_ = std::move(client);
    server_ = std::move(server);
    const RelayContext context{*loop_, *buffers_, received_, sent_};
    RelayOwner& owner = *this;
    relay_ = std::make_unique<Relay>(context, owner, std::move(ours), std::move(theirs), 10s);
  }

  static std::pair<os::Fd, os::Fd> pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    return {os::Fd(ends[0]), os::Fd(ends[1])};
  }

  void start(std::string_view greeting = {}) {
    ASSERT_TRUE(relay_->start(greeting));
    turn();
  }

  void relay_ended(Relay&, CloseReason reason) override {
    ended_ = reason;
    loop_->bury(std::move(relay_));
  }

  void turn() { loop_->turn(loop_->now()); }
  std::size_t write_to(const os::Fd& socket, std::string_view text) {
    return os::send(socket.number(), base::as_bytes(text)).count;
  }
  // What has come, turn by turn, until nothing more does.
  std::string read_from(const os::Fd& socket) {
    std::string text;
    std::array<std::byte, 65536> room{};
    for (int quiet = 0; quiet < 3; ++quiet) {
      turn();
      for (;;) {
        const auto result = os::receive(socket.number(), room);
        at_end_ = result.state == os::IoState::kClosed;
        if (result.state != os::IoState::kDone) break;
        text += base::as_text(std::span(room).first(result.count));
        quiet = 0;
      }
    }
    return text;
  }

  http::testing::FakeClock clock_;
  observe::Counter received_;
  observe::Counter sent_;
  std::unique_ptr<TurnBuffers> buffers_ = std::make_unique<TurnBuffers>();
  std::unique_ptr<loop::Loop> loop_;
  os::Fd client_;
  os::Fd server_;
  std::unique_ptr<Relay> relay_;
  std::optional<CloseReason> ended_;
  bool at_end_ = false;
};

TEST_F(RelayTest, passes_bytes_both_ways_and_counts_those_of_the_client) {
  start();
  write_to(client_, "good day");
  EXPECT_EQ(read_from(server_), "good day");
  write_to(server_, "hello");
  EXPECT_EQ(read_from(client_), "hello");
  EXPECT_EQ(received_.value(), 8U);
  EXPECT_EQ(sent_.value(), 5U);
}

TEST_F(RelayTest, passes_on_what_was_there_before_it_and_behind_the_greeting) {
  write_to(client_, "good day");
  start("PROXY UNKNOWN\r\n");
  EXPECT_EQ(read_from(server_), "PROXY UNKNOWN\r\ngood day");
}

TEST_F(RelayTest, holds_little_for_a_server_that_takes_nothing) {
  start();
  const std::string much(4'000'000, 'x');
  std::size_t written = 0;
  for (int quiet = 0; quiet < 20; ++quiet) {
    if (const std::size_t more = write_to(client_, std::string_view(much).substr(written)); more > 0) {
      written += more;
      quiet = 0;
    }
    turn();
  }
  EXPECT_LT(written, much.size());
  const std::size_t in_sockets = written - TurnBuffers::kReceiveBytes;
  EXPECT_LT(in_sockets, 1'500'000U);
  EXPECT_EQ(read_from(server_), much.substr(0, written));
}

TEST_F(RelayTest, ends_each_direction_by_itself) {
  start();
  write_to(client_, "last words");
  shutdown(client_.number(), SHUT_WR);
  EXPECT_EQ(read_from(server_), "last words");
  EXPECT_TRUE(at_end_);
  EXPECT_FALSE(ended_);
  write_to(server_, "an answer");
  EXPECT_EQ(read_from(client_), "an answer");
  EXPECT_FALSE(at_end_);
  server_.close();
  EXPECT_EQ(read_from(client_), "");
  EXPECT_TRUE(at_end_);
  EXPECT_EQ(ended_, CloseReason::kFinished);
}

TEST_F(RelayTest, loses_nothing_that_a_slow_side_has_not_taken_at_the_end) {
  start();
  const std::string much(150'000, 'x');
  ASSERT_EQ(write_to(server_, much), much.size());
  server_.close();
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(read_from(client_), much);
  EXPECT_TRUE(at_end_);
}

TEST_F(RelayTest, ends_with_either_connection) {
  start();
  client_.close();
  turn();
  write_to(server_, "nobody takes this");
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_TRUE(ended_);
}

TEST_F(RelayTest, ends_when_nobody_says_anything) {
  start();
  clock_.instant += 9s;
  write_to(client_, "x");
  turn();
  clock_.instant += 9s;
  turn();
  EXPECT_FALSE(ended_);
  clock_.instant += 2s;
  turn();
  EXPECT_EQ(ended_, CloseReason::kStalled);
}

TEST_F(RelayTest, is_silent_when_it_is_discarded) {
  start();
  relay_->discard();
  write_to(client_, "x");
  turn();
  EXPECT_FALSE(ended_);
  EXPECT_EQ(read_from(client_), "");
  EXPECT_TRUE(at_end_);
}

}  // namespace
}  // namespace gate::net
