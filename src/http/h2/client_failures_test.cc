#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h2/client_harness_for_test.h"

// What becomes of calls when the server ends them, breaks the rules, floods, or is silent.
namespace gate::http::h2 {
namespace {

using namespace std::chrono_literals;
using http::testing::FakeBody;
using State = BodyRead::State;
using testing::ClientBench;
using testing::Lines;
using testing::RawClient;
using testing::TestCall;

std::string goaway_frame(std::uint32_t last, Code code = Code::kNoError) {
  return RawClient::frame(FrameType::kGoaway, 0, 0,
                          RawClient::number(last, 4) + RawClient::number(static_cast<std::uint32_t>(code), 4));
}

void expect_failure(const TestCall& test, CallFault fault, Delivered delivered) {
  ASSERT_TRUE(test.failure);
  EXPECT_EQ(to_string(test.failure->fault), to_string(fault));
  EXPECT_EQ(test.failure->delivered, delivered);
}

TEST(H2ClientFailures, refused_stream_was_not_delivered) {
  ClientBench bench;
  bench.open();
  TestCall test;
  bench.answer(RawClient::reset(bench.begin(test), Code::kRefusedStream));
  expect_failure(test, CallFault::kConnectionTerminated, Delivered::kNothing);
  EXPECT_TRUE(test.failure->put_off);
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(H2ClientFailures, reset_may_have_been_acted_on) {
  ClientBench bench;
  bench.open();
  TestCall test;
  bench.answer(RawClient::reset(bench.begin(test), Code::kInternalError));
  expect_failure(test, CallFault::kConnectionTerminated, Delivered::kMaybe);
  EXPECT_FALSE(test.failure->put_off);
}

TEST(H2ClientFailures, reset_inside_the_body_cuts_it) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.answer(id, "200");
  bench.answer(RawClient::data(id, "abc") + RawClient::reset(id, Code::kInternalError));
  EXPECT_EQ(test.read(), "abc");
  test.read();
  EXPECT_EQ(test.last, State::kFailed);
  ASSERT_TRUE(test.call.failure());
  EXPECT_EQ(test.call.failure()->fault, CallFault::kResponseIncomplete);
}

TEST(H2ClientFailures, reset_behind_a_complete_response_changes_nothing) {
  ClientBench bench;
  bench.open();
  TestCall test("POST");
  FakeBody body(std::string(100'000, 'x'));  // more than the window
  test.call.request.body = &body;
  const auto id = bench.begin(test);
  bench.answer(id, "200");
  bench.answer(RawClient::data(id, "abc", true) + RawClient::reset(id, Code::kNoError));
  EXPECT_EQ(test.read(), "abc");
  EXPECT_EQ(test.last, State::kEnd);
}

TEST(H2ClientFailures, goaway_puts_off_what_was_not_looked_at_and_finishes_the_rest) {
  ClientBench bench;
  bench.open();
  TestCall taken;
  TestCall late;
  const auto first = bench.begin(taken);
  bench.begin(late);
  bench.answer(goaway_frame(first));
  expect_failure(late, CallFault::kConnectionTerminated, Delivered::kNothing);
  EXPECT_TRUE(late.failure->put_off);
  EXPECT_FALSE(bench.wire->takes_calls());
  EXPECT_FALSE(bench.wire->finished());
  bench.answer(first, "200", {}, true);
  EXPECT_EQ(taken.responses, 1);
  bench.hear();
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, a_call_that_meets_a_goaway_before_it_is_sent_is_put_off) {
  ClientBench bench;
  bench.open();
  TestCall test;
  bench.wire->start(test.call);
  bench.answer(goaway_frame(0));
  bench.hear();
  expect_failure(test, CallFault::kConnectionTerminated, Delivered::kNothing);
  EXPECT_TRUE(test.failure->put_off);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, a_call_whose_head_has_not_left_when_a_goaway_comes_is_put_off) {
  ClientBench bench;
  bench.open();
  TestCall first;
  TestCall second;
  bench.wire->start(first.call);
  bench.wire->start(second.call);
  base::Buffer out;
  bench.wire->produce(out, 1);  // room for one head only
  bench.answer(goaway_frame(1));
  bench.hear();
  EXPECT_FALSE(first.failure);
  expect_failure(second, CallFault::kConnectionTerminated, Delivered::kNothing);
  EXPECT_TRUE(second.failure->put_off);
}

TEST(H2ClientFailures, the_end_of_the_connection_fails_every_call) {
  ClientBench bench;
  bench.open();
  TestCall head;
  TestCall body;
  TestCall unsent;
  bench.begin(head);
  bench.answer(bench.begin(body), "200");
  bench.wire->start(unsent.call);
  bench.wire->receive_end();
  expect_failure(head, CallFault::kConnectionTerminated, Delivered::kMaybe);
  expect_failure(unsent, CallFault::kConnectionTerminated, Delivered::kNothing);
  body.read();
  EXPECT_EQ(body.last, State::kFailed);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, illegal_heads_reset_the_stream_alone) {
  const std::vector<Lines> illegal{
      {{":status", "abc"}},
      {{"x-own", "1"}},
      {{":status", "200"}, {":status", "200"}},
      {{":status", "200"}, {":path", "/"}},
      {{":status", "200"}, {"connection", "close"}},
      {{":status", "200"}, {"transfer-encoding", "chunked"}},
      {{":status", "200"}, {"Upper", "1"}},
      {{":status", "200"}, {"x-own", "a\nb"}},
      {{":status", "200"}, {"content-length", "1x"}},
      {{":status", "101"}},
  };
  for (const auto& lines : illegal) {
    ClientBench bench;
    bench.open();
    TestCall test;
    const auto id = bench.begin(test);
    bench.answer(bench.server.headers(id, lines, false));
    bench.hear();
    SCOPED_TRACE(lines.back().first + ": " + lines.back().second);
    expect_failure(test, CallFault::kProtocolError, Delivered::kMaybe);
    EXPECT_EQ(bench.reset_of(id), Code::kProtocolError);
    EXPECT_TRUE(bench.wire->takes_calls());
  }
}

TEST(H2ClientFailures, a_body_of_another_length_than_declared_is_cut) {
  for (const std::string_view sent : {"ab", "abcd"}) {
    ClientBench bench;
    bench.open();
    TestCall test;
    const auto id = bench.begin(test);
    bench.answer(id, "200", {{"content-length", "3"}});
    bench.answer(RawClient::data(id, sent, true));
    bench.hear();
    test.read();
    test.read();
    EXPECT_EQ(test.last, State::kFailed) << sent;
    EXPECT_EQ(bench.reset_of(id), Code::kProtocolError);
  }
}

TEST(H2ClientFailures, heads_above_the_limits_fail) {
  Limits limits;
  limits.header_bytes_max = 1000;
  limits.header_lines_max = 20;
  {
    ClientBench bench(limits);
    bench.open();
    TestCall test;
    bench.answer(bench.begin(test), "200", {{"x-own", std::string(1000, 'x')}});
    expect_failure(test, CallFault::kHeaderTooLarge, Delivered::kMaybe);
    EXPECT_TRUE(bench.wire->takes_calls());
  }
  {
    ClientBench bench(limits);
    bench.open();
    TestCall test;
    bench.answer(bench.begin(test), "200", Lines(20, {"x", "y"}));
    expect_failure(test, CallFault::kHeaderTooLarge, Delivered::kMaybe);
  }
}

TEST(H2ClientFailures, interim_responses_without_end_fail) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  for (int i = 0; i < 17; ++i) bench.answer(id, "103");
  expect_failure(test, CallFault::kProtocolError, Delivered::kMaybe);
  EXPECT_EQ(test.interim.size(), 16U);
}

TEST(H2ClientFailures, floods_end_the_connection) {
  const std::string continuation = RawClient::frame(FrameType::kContinuation, 0, 1);
  const std::vector<std::pair<std::string, int>> floods{
      {RawClient::ping(), 300},
      {RawClient::settings(), 100},
      {RawClient::data(1, ""), 200},
      {RawClient::frame(0x77, 0, 0, ""), 300},
      {RawClient::window_update(0, 1), 3000},
      {goaway_frame(0x7fff'ffff), 1100},
  };
  for (const auto& [frame, count] : floods) {
    ClientBench bench;
    bench.open();
    TestCall test;
    bench.answer(bench.begin(test), "200");
    for (int i = 0; i < count; ++i) bench.answer(frame);
    bench.hear();
    test.read();
    EXPECT_EQ(bench.goaway(), Code::kEnhanceYourCalm) << static_cast<int>(frame[3]);
    EXPECT_EQ(test.last, State::kFailed);
    EXPECT_TRUE(bench.wire->finished());
  }
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.answer(RawClient::frame(FrameType::kHeaders, 0, id, bench.server.block({{":status", "200"}})));
  for (int i = 0; i < 70; ++i) bench.answer(continuation);
  bench.hear();
  EXPECT_EQ(bench.goaway(), Code::kEnhanceYourCalm);
  expect_failure(test, CallFault::kProtocolError, Delivered::kMaybe);
}

TEST(H2ClientFailures, a_server_that_pushes_is_cut_off) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.answer(RawClient::frame(FrameType::kPushPromise, kFlagEndHeaders, id,
                                RawClient::number(2, 4) + bench.server.block(RawClient::request_lines())));
  bench.hear();
  EXPECT_EQ(bench.goaway(), Code::kProtocolError);
  expect_failure(test, CallFault::kProtocolError, Delivered::kMaybe);
}

TEST(H2ClientFailures, what_is_no_http2_ends_the_connection) {
  ClientBench bench;
  TestCall test;
  bench.begin(test);
  bench.answer("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  bench.hear();
  ASSERT_TRUE(test.failure);
  EXPECT_EQ(test.failure->fault, CallFault::kProtocolError);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, a_response_that_does_not_begin_in_time_fails_alone) {
  ClientBench bench;
  bench.open();
  TestCall late;
  const auto id = bench.begin(late);
  bench.pass(bench.limits.header_timeout / 2);
  TestCall young;
  bench.begin(young);
  bench.answer(RawClient::ping());
  bench.pass(bench.limits.header_timeout / 2);
  expect_failure(late, CallFault::kResponseTimeout, Delivered::kMaybe);
  EXPECT_EQ(bench.reset_of(id), Code::kCancel);
  EXPECT_FALSE(young.failure);
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(H2ClientFailures, no_call_is_given_to_a_connection_that_has_fallen_silent) {
  ClientBench bench;
  bench.open();
  bench.pass(1ms);
  TestCall test;
  bench.begin(test);
  bench.pass(bench.limits.header_timeout);
  expect_failure(test, CallFault::kResponseTimeout, Delivered::kMaybe);
  EXPECT_FALSE(bench.wire->takes_calls());
  EXPECT_EQ(bench.goaway(), Code::kNoError);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, a_body_that_stops_coming_fails_but_not_while_nobody_takes_it) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.answer(id, "200");
  for (int i = 0; i < 5; ++i) bench.answer(RawClient::data(id, std::string(16'000, 'x')));
  bench.pass(bench.limits.stall_timeout * 3);
  EXPECT_TRUE(test.call.body().open());
  test.read();
  bench.pass(bench.limits.stall_timeout - 1ms);
  EXPECT_TRUE(test.call.body().open());
  bench.pass(1ms);
  EXPECT_FALSE(test.call.body().open());
  ASSERT_TRUE(test.call.failure());
  EXPECT_EQ(test.call.failure()->fault, CallFault::kResponseTimeout);
}

TEST(H2ClientFailures, a_window_that_stays_shut_fails_the_call) {
  ClientBench bench;
  bench.open(RawClient::setting(4, 3));
  TestCall test("POST");
  FakeBody body("abcdefgh");
  test.call.request.body = &body;
  bench.begin(test);
  bench.pass(bench.limits.stall_timeout);
  expect_failure(test, CallFault::kConnectionWriteTimeout, Delivered::kMaybe);
}

TEST(H2ClientFailures, a_server_that_takes_no_bytes_fails_every_call) {
  ClientBench bench;
  bench.open();
  bench.takes_bytes = false;
  TestCall test;
  bench.begin(test);
  bench.limits.header_timeout = 60s;
  bench.pass(bench.limits.stall_timeout);
  expect_failure(test, CallFault::kConnectionWriteTimeout, Delivered::kMaybe);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, an_idle_connection_ends_with_a_goaway) {
  ClientBench bench;
  bench.open();
  TestCall test;
  bench.answer(bench.begin(test), "200", {}, true);
  bench.pass(bench.limits.idle_timeout - 1ms);
  EXPECT_FALSE(bench.goaway());
  bench.pass(1ms);
  EXPECT_EQ(bench.goaway(), Code::kNoError);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H2ClientFailures, drains_when_the_last_call_has_ended) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.wire->drain();
  EXPECT_FALSE(bench.wire->takes_calls());
  EXPECT_FALSE(bench.wire->finished());
  bench.answer(id, "200", {}, true);
  bench.hear();
  EXPECT_EQ(bench.goaway(), Code::kNoError);
  EXPECT_TRUE(bench.wire->finished());
}

}  // namespace
}  // namespace gate::http::h2
