#include <gtest/gtest.h>

#include <string>

#include "http/h3/wire_for_test.h"

// The graceful end (RFC 9114 5.2), and the sudden one.
namespace gate::http::h3 {
namespace {

using std::chrono::seconds;
using testing::data_frame;
using testing::WireTest;

constexpr std::uint64_t kNotice = (std::uint64_t{1} << 62) - 4;

TEST(H3Shutdown, of_an_idle_connection_is_announced_and_then_carried_out) {
  WireTest test;
  test.open();
  test.acknowledges = false;
  test.wire->drain();
  test.receive();
  EXPECT_EQ(test.goaways(), std::vector<std::uint64_t>{kNotice});
  EXPECT_FALSE(test.wire->finished());
  test.acknowledges = true;
  test.receive();
  EXPECT_EQ(test.goaways(), (std::vector<std::uint64_t>{kNotice, 0}));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
  EXPECT_TRUE(test.wire->finished());
}

TEST(H3Shutdown, is_not_put_off_by_a_client_that_acknowledges_nothing) {
  WireTest test;
  test.open();
  test.acknowledges = false;
  test.wire->drain();
  test.receive();
  test.advance(seconds(2));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, requests_that_cross_the_announcement_are_answered) {
  WireTest test;
  test.open();
  test.acknowledges = false;
  test.wire->drain();
  test.receive();
  test.talk(0, testing::get(), true);
  EXPECT_EQ(test.status(0), "200");
  test.acknowledges = true;
  test.receive();
  EXPECT_EQ(test.goaways(), (std::vector<std::uint64_t>{kNotice, 4}));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, what_is_in_flight_is_finished_and_what_is_new_rejected) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::get(), true);
  test.wire->drain();
  test.receive();
  EXPECT_EQ(test.goaways(), (std::vector<std::uint64_t>{kNotice, 4}));
  EXPECT_FALSE(test.wire->finished());
  test.talk(4, testing::get(), true);
  EXPECT_EQ(test.end(4).reset, Code::kRequestRejected);
  EXPECT_EQ(test.dispatched, 1U);
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.transport.closed, Code::kNoError);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Shutdown, waits_for_the_client_to_have_all_of_the_last_response) {
  WireTest test;
  test.open();
  test.talk(0, testing::post());
  test.acknowledges = false;
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body("last words");
    exchange.respond();
  };
  test.talk(4, testing::get(), true);
  test.transport.acknowledge(*test.wire, WireTest::kServerControl);
  test.wire->drain();
  test.transport.produce(*test.wire);
  test.transport.acknowledge(*test.wire, WireTest::kServerControl);
  test.transport.produce(*test.wire);
  EXPECT_EQ(test.goaways().size(), 2U);
  EXPECT_EQ(test.wire->exchanges(), 0U);
  EXPECT_FALSE(test.wire->finished());
  test.acknowledges = true;
  test.reset(0);
  test.receive();
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, a_client_that_leaves_its_streams_open_is_not_waited_for) {
  WireTest test;
  test.open();
  test.talk(0, testing::post());  // answered, and stopped
  EXPECT_EQ(test.end(0).stopped, Code::kNoError);
  test.wire->drain();
  test.receive();
  EXPECT_FALSE(test.wire->finished());
  test.advance(seconds(3));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, may_be_asked_for_before_the_start) {
  WireTest test;
  test.wire->drain();
  test.open();
  test.receive();
  EXPECT_EQ(test.goaways().size(), 2U);
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, comes_after_so_many_requests) {
  Limits limits;
  limits.requests_per_connection_max = 3;
  WireTest test(limits);
  test.open();
  for (quic::StreamId id = 0; id < 12; id += 4) {
    EXPECT_TRUE(test.goaways().empty());
    test.talk(id, testing::get(), true);
  }
  EXPECT_EQ(test.goaways(), (std::vector<std::uint64_t>{kNotice, 12}));
  EXPECT_EQ(test.ended.size(), 3U);
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Shutdown, twice_is_once) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::get(), true);
  test.wire->drain();
  test.wire->drain();
  test.receive();
  test.wire->drain();
  test.receive();
  EXPECT_EQ(test.goaways().size(), 2U);
}

// --- Sudden ends

TEST(H3Shutdown, a_connection_that_breaks_ends_its_exchanges) {
  WireTest test;
  auto& script = test.script({.bytes = "x"});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  test.talk(4, testing::post() + data_frame("unread"));
  test.wire->abandoned();
  EXPECT_EQ(test.ended.size(), 2U);
  for (const auto& exchange : test.ended) EXPECT_EQ(exchange.outcome, Outcome::kClientGone);
  EXPECT_EQ(test.wire->exchanges(), 0U);
  EXPECT_TRUE(test.wire->finished());
  EXPECT_EQ(test.wire->deadline(), base::Instant::max());
  EXPECT_EQ(script.body, nullptr);
}

TEST(H3Shutdown, nothing_happens_after_the_end) {
  WireTest test;
  test.open();
  test.talk(0, testing::post());
  test.wire->abandon();
  const std::string more = testing::get();
  test.wire->received(0, base::as_bytes(data_frame("x")), true);
  test.wire->received(4, base::as_bytes(more), true);
  test.wire->reset_by_peer(0, 0);
  test.wire->stopped_by_peer(0, 0);
  test.wire->acknowledged(0, 10);
  test.wire->unblocked(0);
  test.wire->blocked(0);
  test.wire->closed(0, std::nullopt);
  test.wire->datagram({});
  test.wire->on_deadline();
  test.wire->drain();
  EXPECT_TRUE(test.wire->next_output().nothing());
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Shutdown, a_wire_that_dies_in_mid_flight_tells_of_its_exchanges) {
  std::vector<testing::Finished> ended;
  {
    WireTest test;
    test.service = [](Exchange&) {};
    test.open();
    test.talk(0, testing::get(), true);
    test.wire.reset();
    ended = test.ended;
  }
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::kClientGone);
}

}  // namespace
}  // namespace gate::http::h3
