#include <gtest/gtest.h>

#include <string>

#include "http/h3/wire_for_test.h"
#include "http/multiplex/codes.h"

// Every wait of the driver ends.
namespace gate::http::h3 {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::data_frame;
using testing::stream_type;
using testing::StreamType;
using testing::WireTest;

TEST(H3Deadline, a_client_that_says_nothing_is_given_the_header_timeout) {
  WireTest test;
  test.wire->start();
  test.receive();
  test.advance(seconds(9));
  EXPECT_FALSE(test.wire->finished());
  test.advance(seconds(1));
  EXPECT_EQ(test.transport.closed, Code::kMissingSettings);
  EXPECT_EQ(test.violation_codes.at(0), multiplex::kClientTooSlow.number);
}

TEST(H3Deadline, a_control_stream_without_settings_counts_as_nothing) {
  WireTest test;
  test.wire->start();
  test.talk(WireTest::kControl, stream_type(StreamType::kControl));
  test.advance(seconds(10));
  EXPECT_EQ(test.transport.closed, Code::kMissingSettings);
}

TEST(H3Deadline, an_idle_connection_ends_without_an_error) {
  WireTest test;
  test.open();
  test.advance(seconds(74));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.advance(seconds(1));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
  EXPECT_EQ(test.goaways(), std::vector<std::uint64_t>{0});
  EXPECT_TRUE(test.wire->finished());
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Deadline, idleness_counts_from_the_last_exchange) {
  WireTest test;
  test.open();
  test.advance(seconds(50));
  test.talk(0, testing::get(), true);
  test.advance(seconds(74));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.advance(seconds(2));
  EXPECT_EQ(test.transport.closed, Code::kNoError);
}

TEST(H3Deadline, a_connection_whose_service_takes_long_is_not_idle) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::get(), true);
  test.advance(hours(1));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.wire->exchanges(), 1U);
}

TEST(H3Deadline, a_head_that_comes_byte_by_byte_is_cut_off) {
  WireTest test;
  test.open();
  const std::string head = testing::get();
  for (std::size_t i = 0; i < head.size() && !test.end(0).reset; ++i) {
    test.send(0, head.substr(i, 1));
    test.advance(seconds(1));
  }
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(test.end(0).stopped, Code::kRequestCancelled);
  EXPECT_EQ(test.violations, std::vector<std::string>{"header section too slow"});
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_TRUE(test.ended.empty());
}

TEST(H3Deadline, a_head_whose_table_entries_never_come_is_cut_off) {
  WireTest test;
  test.open();
  const std::string section =
      std::string("\x02\x00", 2) + testing::section(testing::request_lines()).substr(2) + "\x80";
  test.talk(0, testing::frame(testing::FrameType::kHeaders, section), true);
  test.advance(seconds(9));
  EXPECT_EQ(test.end(0).reset, std::nullopt);
  test.advance(seconds(1));
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
}

TEST(H3Deadline, heads_in_time_are_not_counted_together) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id < 80; id += 4) {
    const std::string head = testing::get();
    test.talk(id, head.substr(0, 12));
    test.advance(seconds(5));
    test.talk(id, head.substr(12), true);
  }
  EXPECT_EQ(test.ended.size(), 20U);
  EXPECT_TRUE(test.violations.empty());
}

// --- Request bodies

TEST(H3Deadline, a_request_body_that_stops_is_answered_with_408) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post() + data_frame("abc"));
  std::array<std::byte, 100> room;
  EXPECT_EQ(kept->request_body().read(room).count, 3U);
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kWait);
  test.advance(seconds(31));
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kFailed);
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status(0), "408");
  EXPECT_EQ(test.end(0).stopped, Code::kNoError);
}

TEST(H3Deadline, a_request_body_below_the_rate_floor_is_ended) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post());
  std::array<std::byte, 100> room;
  int wait = 0;
  for (; wait < 60 && kept->request_body().read(room).state != BodyRead::State::kFailed; ++wait) {
    test.talk(0, data_frame("x"));
    EXPECT_EQ(kept->request_body().read(room).count, 1U);
    test.advance(seconds(1));
  }
  EXPECT_LE(wait, 12);
  ASSERT_FALSE(test.violations.empty());
  EXPECT_EQ(test.violations.back(), "request body too slow");
}

TEST(H3Deadline, a_client_that_waits_for_our_reading_is_not_slow) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post() + data_frame("abc"));
  test.advance(hours(1));
  std::array<std::byte, 100> room;
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kData);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Deadline, a_slow_body_whose_response_has_begun_resets_the_stream) {
  WireTest test;
  test.serve(test.script());
  test.open();
  test.talk(0, testing::post());
  test.advance(seconds(31));
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(test.end(0).stopped, Code::kRequestCancelled);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
}

// --- Readers

TEST(H3Deadline, a_stream_window_that_stays_shut_resets_the_stream) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(10'000'000, 'x'), .ended = true}));
  test.open();
  test.transport.at(0).window = 50'000;
  test.talk(0, testing::get(), true);
  test.advance(seconds(29));
  EXPECT_EQ(test.end(0).reset, std::nullopt);
  test.advance(seconds(2));
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
  EXPECT_EQ(test.violations, std::vector<std::string>{"stream window not opened"});
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Deadline, a_stream_window_that_stays_shut_counts_while_the_source_has_nothing_more) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(100'000, 'x')}));
  test.open();
  test.transport.at(0).window = 50'000;
  test.talk(0, testing::get(), true);
  test.advance(seconds(31));
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H3Deadline, a_stream_whose_window_opens_again_is_not_slow_while_its_source_is_silent) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(100'000, 'x')}));
  test.open();
  test.transport.at(0).window = 50'000;
  test.talk(0, testing::get(), true);
  test.advance(seconds(5));
  test.open_window(0, 1'000'000);
  test.advance(seconds(600));
  EXPECT_EQ(test.body(0).size(), 100'000U);
  EXPECT_TRUE(test.ended.empty());
}

TEST(H3Deadline, a_reader_above_the_floor_may_take_hours) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(10'000'000, 'x'), .ended = true}));
  test.open();
  test.transport.at(0).window = 1000;
  test.talk(0, testing::get(), true);
  for (int i = 0; i < 4000; ++i) {
    test.open_window(0, 300);
    test.advance(seconds(1));
  }
  EXPECT_EQ(test.end(0).reset, std::nullopt);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Deadline, an_event_stream_that_is_silent_is_not_slow) {
  WireTest test;
  auto& script = test.script();
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  for (int i = 0; i < 10; ++i) {
    script.add("x");
    test.receive();
    test.advance(seconds(600));
  }
  EXPECT_EQ(test.body(0).size(), 10U);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Deadline, a_client_that_acknowledges_nothing_is_let_go) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(100'000, 'x'), .ended = true}));
  test.open();
  test.acknowledges = false;
  test.talk(0, testing::get(), true);
  test.advance(seconds(29));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.advance(seconds(1));
  EXPECT_EQ(test.transport.closed, Code::kExcessiveLoad);
  EXPECT_EQ(test.violations.back(), "connection does not take what is sent");
}

TEST(H3Deadline, an_unfinished_response_that_is_not_acknowledged_ends_as_a_timeout) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(100'000'000, 'x'), .ended = true}));
  test.open();
  test.acknowledges = false;
  test.talk(0, testing::get(), true);
  test.advance(seconds(31));
  ASSERT_EQ(test.ended.size(), 1U);
  EXPECT_EQ(test.ended[0].outcome, Outcome::kClientTimeout);
}

TEST(H3Deadline, what_was_on_its_way_of_a_cancelled_stream_is_not_waited_for) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(100'000, 'x')}));
  test.open();
  test.acknowledges = false;
  test.talk(0, testing::get(), true);
  test.transport.acknowledge(*test.wire, WireTest::kServerControl);
  test.transport.acknowledge(*test.wire, 7);
  test.transport.acknowledge(*test.wire, 11);
  test.stop(0);
  test.advance(seconds(60));
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Deadline, the_next_deadline_is_never_behind_after_it_was_handled) {
  WireTest test;
  test.serve(test.script({.bytes = std::string(10'000'000, 'x'), .ended = true}));
  test.open();
  test.transport.at(0).window = 1000;
  test.talk(0, testing::get(), true);
  test.talk(4, testing::post());
  test.talk(8, "\x01");
  for (int i = 0; i < 100; ++i) {
    test.time.now = std::min(test.wire->deadline(), test.time.now + seconds(3));
    test.wire->on_deadline();
    test.receive();
    if (test.wire->finished()) break;
    EXPECT_GT(test.wire->deadline(), test.time.now);
  }
}

}  // namespace
}  // namespace gate::http::h3
