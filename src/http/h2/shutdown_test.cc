#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// The graceful end of RFC 9113 6.8: two GOAWAYs, a PING between them, and nothing lost.
namespace gate::http::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RawClient;
using testing::ScriptedBody;
using testing::WireTest;

std::string ping_answer(const WireTest& test) {
  const auto* ping = test.find(FrameType::kPing, 0);
  return ping ? RawClient::frame(FrameType::kPing, kFlagAck, 0, ping->payload) : std::string();
}

TEST(H2Shutdown, announces_itself_first) {
  WireTest test;
  test.open();
  test.wire->drain();
  EXPECT_GT(test.wakes, 0u);
  test.receive();
  ASSERT_NE(test.find(FrameType::kGoaway, 0), nullptr);
  EXPECT_EQ(test.find(FrameType::kGoaway, 0)->u32(), 0x7fff'ffffu);
  EXPECT_EQ(test.goaway(), Code::kNoError);
  EXPECT_NE(test.find(FrameType::kPing, 0), nullptr);
  EXPECT_FALSE(test.wire->finished());
}

TEST(H2Shutdown, serves_what_was_under_way_when_it_was_announced) {
  WireTest test;
  test.open();
  test.wire->drain();
  test.receive();
  test.talk(test.client.get(1));
  EXPECT_EQ(test.status_of(1), "200");
  test.talk(ping_answer(test));
  EXPECT_EQ(test.count(FrameType::kGoaway), 2u);
  EXPECT_EQ(test.frames.back().u32(), 1u) << "the last stream that is served";
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, waits_for_running_exchanges_and_ignores_new_ones) {
  WireTest test;
  test.open();
  auto& script = test.script();
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.get(1));
  test.wire->drain();
  test.receive();
  test.talk(ping_answer(test));
  EXPECT_FALSE(test.wire->finished());
  test.talk(test.client.post(3) + RawClient::data(3, "ignored"));
  EXPECT_EQ(test.dispatched, 1u);
  EXPECT_EQ(test.reset_of(3), std::nullopt);
  EXPECT_TRUE(test.violations.empty());
  script.add("done");
  script.end();
  test.receive();
  EXPECT_EQ(test.body_of(1), "done");
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, does_not_wait_for_ever_for_the_ping) {
  WireTest test;
  test.open();
  test.wire->drain();
  test.receive();
  test.advance(seconds(2));
  EXPECT_EQ(test.count(FrameType::kGoaway), 2u);
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, asking_twice_is_asking_once) {
  WireTest test;
  test.open();
  test.wire->drain();
  test.wire->drain();
  test.receive();
  EXPECT_EQ(test.count(FrameType::kGoaway), 1u);
}

TEST(H2Shutdown, after_the_end_of_input_there_is_nothing_to_announce) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.get(1));
  test.wire->receive_end();
  test.wire->drain();
  test.receive();
  EXPECT_EQ(test.find(FrameType::kGoaway, 0)->u32(), 1u);
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, begins_by_itself_after_the_last_request_of_a_connection) {
  Limits limits;
  limits.requests_per_connection_max = 3;
  WireTest test(limits);
  test.open();
  test.talk(test.client.get(1) + test.client.get(3));
  EXPECT_EQ(test.goaway(), std::nullopt);
  test.talk(test.client.get(5) + test.client.get(7));
  EXPECT_EQ(test.find(FrameType::kGoaway, 0)->u32(), 0x7fff'ffffu);
  EXPECT_EQ(test.status_of(5), "200");
  EXPECT_EQ(test.status_of(7), "200") << "it could not know";
  test.talk(ping_answer(test));
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, a_client_that_says_goaway_gets_what_it_asked_for) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.get(1) + RawClient::frame(FrameType::kGoaway, 0, 0, std::string(8, '\0')));
  EXPECT_FALSE(test.wire->finished());
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Shutdown, a_connection_that_ended_produces_nothing_more) {
  WireTest test;
  test.open();
  test.wire->abandon();
  test.wire->drain();
  test.send(test.client.get(1));
  EXPECT_TRUE(test.receive().empty());
  EXPECT_FALSE(test.wants_read());
  EXPECT_EQ(test.wire->deadline(), base::Instant::max());
}

}  // namespace
}  // namespace gate::http::h2
