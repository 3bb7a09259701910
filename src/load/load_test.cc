#include <gtest/gtest.h>

#include <chrono>

#include "client/loop_context.h"
#include "load/handshakes.h"
#include "load/requests.h"
#include "os/random.h"
#include "os/socket.h"

namespace gate::load {
namespace {

// A port of loopback where connections are taken by the kernel, and by nobody else.
struct Deaf {
  os::Fd socket = os::listen_tcp({base::IpAddress::parse("127.0.0.1").value(), 0}).value();
  base::Endpoint endpoint = os::local_endpoint(socket.number()).value();
};

class LoadTest : public testing::Test {
 protected:
  template <class Condition>
  bool turn_until(Condition condition) {
    const auto end = clock.now() + std::chrono::seconds(20);
    while (!condition() && clock.now() < end) loop->turn(clock.now() + std::chrono::milliseconds(20));
    return condition();
  }

  base::SystemClock clock;
  std::unique_ptr<loop::Loop> loop = *loop::Loop::create(clock);
};

TEST_F(LoadTest, a_server_that_is_gone_is_told_and_tried_again) {
  base::Endpoint gone;
  {
    const Deaf server;
    gone = server.endpoint;
  }
  const auto load = *Handshakes::create({.server = gone, .name = "localhost"}, *loop, clock);
  load->begin();
  EXPECT_TRUE(turn_until([&] { return load->tally().failed > 100; }));
  EXPECT_EQ(load->tally().done, 0U);
  EXPECT_FALSE(load->tally().failure.empty());
}

TEST_F(LoadTest, no_more_connections_are_made_than_were_asked_for) {
  base::Endpoint gone;
  {
    const Deaf server;
    gone = server.endpoint;
  }
  const auto load = *Handshakes::create({.server = gone, .name = "localhost", .count_max = 40}, *loop, clock);
  load->begin();
  EXPECT_TRUE(turn_until([&] { return load->over(); }));
  EXPECT_EQ(load->tally().failed, 40U);
}

TEST_F(LoadTest, ends_in_the_middle_of_a_handshake) {
  const Deaf server;
  auto load = *Handshakes::create({.server = server.endpoint, .name = "localhost"}, *loop, clock);
  load->begin();
  for (int i = 0; i < 5; ++i) loop->turn(clock.now() + std::chrono::milliseconds(1));
  load.reset();
  loop->turn(clock.now());
}

TEST_F(LoadTest, requests_to_a_server_that_is_gone_fail_with_the_reason) {
  base::Endpoint gone;
  {
    const Deaf server;
    gone = server.endpoint;
  }
  os::SystemRandom random;
  const auto context = *client::LoopContext::create(*loop, random);
  Requests load({.server = gone, .name = "localhost", .concurrency = 2}, context->context());
  load.begin();
  EXPECT_TRUE(turn_until([&] { return load.tally().failed > 4; }));
  EXPECT_EQ(load.tally().failure, "the server refused the connection");
}

}  // namespace
}  // namespace gate::load
