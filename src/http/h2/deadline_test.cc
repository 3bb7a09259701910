#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"
#include "http/multiplex/codes.h"

// Every wait of the driver ends.
namespace gate::http::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RawClient;
using testing::ScriptedBody;
using testing::WireTest;

TEST(H2Deadline, a_client_that_says_nothing_is_given_the_header_timeout) {
  WireTest test;
  test.receive();
  test.advance(seconds(9));
  EXPECT_FALSE(test.wire->finished());
  test.advance(seconds(1));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
  EXPECT_EQ(test.violation_codes.back(), multiplex::kClientTooSlow.number);
}

TEST(H2Deadline, half_a_preface_counts_as_nothing) {
  WireTest test;
  test.talk(kClientPreface.substr(0, 10));
  test.advance(seconds(10));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
}

TEST(H2Deadline, settings_must_be_acknowledged) {
  WireTest test;
  test.talk(std::string(kClientPreface) + RawClient::settings());
  test.advance(seconds(10));
  EXPECT_TRUE(test.closed_with(Code::kSettingsTimeout));
}

TEST(H2Deadline, an_idle_connection_ends_without_an_error) {
  WireTest test;
  test.open();
  test.advance(seconds(74));
  EXPECT_EQ(test.goaway(), std::nullopt);
  test.advance(seconds(1));
  EXPECT_TRUE(test.closed_with(Code::kNoError));
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Deadline, idleness_counts_from_the_last_exchange) {
  WireTest test;
  test.open();
  test.advance(seconds(50));
  test.talk(test.client.get(1));
  test.advance(seconds(74));
  EXPECT_EQ(test.goaway(), std::nullopt);
  test.advance(seconds(2));
  EXPECT_EQ(test.goaway(), Code::kNoError);
}

TEST(H2Deadline, pings_do_not_keep_an_idle_connection) {
  WireTest test;
  test.open();
  for (int i = 0; i < 80; ++i) {
    test.talk(RawClient::ping());
    test.advance(seconds(1));
  }
  EXPECT_EQ(test.goaway(), Code::kNoError);
}

TEST(H2Deadline, a_connection_whose_service_takes_long_is_not_idle) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.get(1));
  test.advance(std::chrono::hours(1));
  EXPECT_EQ(test.goaway(), std::nullopt);
  EXPECT_EQ(test.wire->exchanges(), 1u);
}

TEST(H2Deadline, a_head_that_comes_byte_by_byte_is_ended) {
  WireTest test;
  test.open();
  const std::string head = test.client.get(1);
  for (std::size_t i = 0; i < head.size() && test.wants_read(); ++i) {
    test.send(head.substr(i, 1));
    test.advance(seconds(1));
  }
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
  EXPECT_EQ(test.violations.back(), "header section too slow");
}

TEST(H2Deadline, a_head_that_is_continued_too_slowly_is_ended) {
  WireTest test;
  test.open();
  const std::string block = test.client.block(RawClient::request_lines());
  test.send(RawClient::frame(FrameType::kHeaders, 0, 1, block));
  test.advance(seconds(10));
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
}

TEST(H2Deadline, heads_in_time_are_not_counted_together) {
  WireTest test;
  test.open();
  for (std::uint32_t id = 1; id < 41; id += 2) {
    const std::string head = test.client.get(id);
    test.talk(head.substr(0, 12));
    test.advance(seconds(5));
    test.talk(head.substr(12));
  }
  EXPECT_EQ(test.ended.size(), 20u);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

// --- request bodies

TEST(H2Deadline, a_request_body_that_stops_is_answered_with_408) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.post(1) + RawClient::data(1, "abc"));
  std::array<std::byte, 100> room;
  EXPECT_EQ(kept->request_body().read(room).count, 3u);
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kWait);
  test.advance(seconds(31));
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kFailed);
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "408");
  EXPECT_EQ(test.reset_of(1), Code::kNoError);
}

TEST(H2Deadline, a_request_body_below_the_rate_floor_is_ended) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.post(1));
  std::array<std::byte, 100> room;
  int wait = 0;
  for (; wait < 60 && kept->request_body().read(room).state != BodyRead::State::kFailed; ++wait) {
    test.talk(RawClient::data(1, "x"));
    EXPECT_EQ(kept->request_body().read(room).count, 1u);
    test.advance(seconds(1));
  }
  EXPECT_LE(wait, 12);
  ASSERT_FALSE(test.violations.empty());
  EXPECT_EQ(test.violations.back(), "request body too slow");
}

TEST(H2Deadline, a_client_that_waits_for_our_reading_is_not_slow) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.post(1) + RawClient::data(1, "abc"));
  test.advance(std::chrono::hours(1));
  std::array<std::byte, 100> room;
  EXPECT_EQ(kept->request_body().read(room).state, BodyRead::State::kData);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Deadline, a_slow_body_whose_response_has_begun_resets_the_stream) {
  WireTest test;
  test.open();
  auto& script = test.script();
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.post(1));
  test.advance(seconds(31));
  EXPECT_EQ(test.reset_of(1), Code::kCancel);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
}

// --- readers

void serve_much(WireTest& test, ScriptedBody::Script& script) {
  script.bytes = std::string(10'000'000, 'x');
  script.ended = true;
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
}

TEST(H2Deadline, a_stream_window_that_stays_shut_resets_the_stream) {
  WireTest test;
  auto& script = test.script();
  test.open(RawClient::setting(4, 50'000));
  serve_much(test, script);
  test.talk(test.client.get(1));
  test.advance(seconds(29));
  EXPECT_EQ(test.reset_of(1), std::nullopt);
  test.advance(seconds(2));
  EXPECT_EQ(test.reset_of(1), Code::kCancel);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Deadline, a_stream_window_that_opens_below_the_rate_floor_resets_the_stream) {
  WireTest test;
  auto& script = test.script();
  test.open(RawClient::setting(4, 1000));
  serve_much(test, script);
  test.talk(test.client.get(1));
  int wait = 0;
  for (; wait < 100 && !test.reset_of(1); ++wait) {
    test.talk(RawClient::window_update(1, 100));
    test.advance(seconds(1));
  }
  EXPECT_LE(wait, 31);
}

TEST(H2Deadline, a_reader_above_the_floor_may_take_hours) {
  WireTest test;
  auto& script = test.script();
  test.open(RawClient::setting(4, 1000));
  serve_much(test, script);
  test.talk(test.client.get(1));
  for (int i = 0; i < 4000; ++i) {
    test.talk(RawClient::window_update(1, 300) + RawClient::window_update(0, 300));
    test.advance(seconds(1));
  }
  EXPECT_EQ(test.reset_of(1), std::nullopt);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Deadline, a_connection_window_that_stays_shut_ends_the_connection) {
  WireTest test;
  auto& script = test.script();
  test.open(RawClient::setting(4, 1'000'000));
  serve_much(test, script);
  test.talk(test.client.get(1));
  test.advance(seconds(80));
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H2Deadline, a_stream_that_stands_behind_others_is_not_slow) {
  WireTest test;
  auto& first = test.script();
  auto& second = test.script();
  test.open(RawClient::setting(4, 100'000'000));
  first.bytes = second.bytes = std::string(5'000'000, 'x');
  first.ended = second.ended = true;
  test.service = [&](Exchange& exchange) {
    exchange.response.body =
        exchange.make_body<ScriptedBody>(exchange.stream_id == 1 ? first : second, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.get(1) + test.client.get(3));
  for (int i = 0; i < 200; ++i) {
    test.talk(RawClient::window_update(0, 20'000));
    test.advance(seconds(1));
  }
  EXPECT_EQ(test.body_of(3), "");
  EXPECT_EQ(test.reset_of(3), std::nullopt);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Deadline, an_event_stream_that_is_silent_is_not_slow) {
  WireTest test;
  auto& script = test.script();
  test.open();
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.get(1));
  for (int i = 0; i < 10; ++i) {
    script.add("x");
    test.receive();
    test.advance(seconds(600));
  }
  EXPECT_EQ(test.body_of(1).size(), 10u);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Deadline, a_socket_that_takes_nothing_ends_the_connection) {
  WireTest test;
  test.open();
  test.reads_socket = false;
  test.talk(test.client.get(1) + RawClient::ping());
  EXPECT_FALSE(test.wire->finished());
  test.advance(seconds(31));
  EXPECT_TRUE(test.wire->finished());
  EXPECT_EQ(test.violations.back(), "connection does not take what is sent");
}

TEST(H2Deadline, the_last_words_to_a_client_that_does_not_read_have_a_deadline_too) {
  WireTest test;
  test.open();
  test.reads_socket = false;
  test.talk(RawClient::frame(FrameType::kPing, 0, 1, "12345678"));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
  EXPECT_LE(test.wire->deadline(), test.time.now + seconds(30));
  test.advance(seconds(40));
  EXPECT_EQ(test.wire->deadline(), base::Instant::max());
}

TEST(H2Deadline, the_next_deadline_is_never_behind_after_it_was_handled) {
  WireTest test;
  auto& script = test.script();
  test.open(RawClient::setting(4, 1000));
  serve_much(test, script);
  test.talk(test.client.get(1) + test.client.post(3));
  for (int i = 0; i < 100; ++i) {
    test.time.now = std::min(test.wire->deadline(), test.time.now + seconds(3));
    test.wire->on_deadline();
    test.receive();
    if (test.wire->finished()) break;
    EXPECT_GT(test.wire->deadline(), test.time.now);
  }
}

}  // namespace
}  // namespace gate::http::h2
