#include "http/h2/client_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h2/client_harness_for_test.h"

namespace gate::http::h2 {
namespace {

using http::testing::FakeBody;
using http::testing::ScriptedBody;
using State = BodyRead::State;
using testing::ClientBench;
using ::testing::ElementsAre;
using ::testing::Pair;
using testing::RawClient;
using testing::TestCall;

// A request's body in the hands of a test.
struct Upload {
  base::BlockPool blocks{};
  base::Arena arena{blocks};
  ScriptedBody::Script script{};
  ScriptedBody body{script, arena};
};

TEST(H2ClientWire, greets_with_preface_and_settings_without_push) {
  ClientBench bench;
  bench.hear();
  EXPECT_EQ(bench.preface_seen, kClientPreface);
  const auto* settings = bench.find(FrameType::kSettings, 0);
  ASSERT_NE(settings, nullptr);
  EXPECT_EQ(settings->payload.substr(0, 6), RawClient::setting(2, 0));
}

TEST(H2ClientWire, writes_a_request_to_the_letter) {
  ClientBench bench;
  bench.open();
  TestCall test("GET", "/a?b");
  test.call.request.takes_trailers = true;
  test.add("accept", "*/*");
  test.add("connection", "x");
  test.add("keep-alive", "5");
  test.add("transfer-encoding", "chunked");
  test.add("x-own", "1");
  const auto id = bench.begin(test);
  const auto* head = bench.find(FrameType::kHeaders, id);
  EXPECT_THAT(head->lines,
              ElementsAre(Pair(":method", "GET"), Pair(":scheme", "https"), Pair(":authority", "example.com"),
                          Pair(":path", "/a?b"), Pair("accept", "*/*"), Pair("x-own", "1"), Pair("te", "trailers")));
  EXPECT_TRUE(head->ends_stream());
}

TEST(H2ClientWire, sends_a_body_with_its_length_where_that_is_known) {
  ClientBench bench;
  bench.open();
  TestCall known("POST");
  FakeBody body("hello");
  known.call.request.body = &body;
  const auto first = bench.begin(known);
  EXPECT_EQ(bench.find(FrameType::kHeaders, first)->line("content-length"), "5");
  EXPECT_EQ(bench.body_of(first), "hello");
  EXPECT_TRUE(bench.frames.back().ends_stream());

  Upload upload;
  TestCall unknown("POST");
  unknown.call.request.body = &upload.body;
  const auto second = bench.begin(unknown);
  EXPECT_EQ(bench.find(FrameType::kHeaders, second)->line("content-length"), "");
  upload.script.add("ab");
  bench.hear();
  upload.script.add("cd");
  upload.script.end();
  bench.hear();
  EXPECT_EQ(bench.body_of(second), "abcd");
  EXPECT_TRUE(bench.frames.back().ends_stream());
  EXPECT_EQ(unknown.call.request_body_bytes, 4U);

  TestCall none("POST");
  none.call.request.body_expected = true;
  EXPECT_EQ(bench.find(FrameType::kHeaders, bench.begin(none))->line("content-length"), "0");
}

TEST(H2ClientWire, ends_a_request_with_its_trailers) {
  ClientBench bench;
  bench.open();
  TestCall test("POST");
  Upload upload;
  upload.script.trailers = {{"x-sum", "1"}};
  upload.script.add("ab");
  upload.script.end();
  test.call.request.body = &upload.body;
  const auto id = bench.begin(test);
  const auto& last = bench.frames.back();
  EXPECT_EQ(last.header.stream_id, id);
  EXPECT_EQ(last.header.type, FrameType::kHeaders);
  EXPECT_EQ(last.line("x-sum"), "1");
  EXPECT_TRUE(last.ends_stream());
}

TEST(H2ClientWire, sends_no_more_than_the_windows_allow) {
  ClientBench bench;
  bench.open(RawClient::setting(4, 3));
  TestCall test("POST");
  FakeBody body("abcdefgh");
  test.call.request.body = &body;
  const auto id = bench.begin(test);
  EXPECT_EQ(bench.body_of(id), "abc");
  bench.answer(RawClient::window_update(id, 100));
  bench.hear();
  EXPECT_EQ(bench.body_of(id), "abcdefgh");
}

TEST(H2ClientWire, hands_over_interim_and_final_response_body_and_trailers) {
  ClientBench bench;
  bench.open();
  TestCall test;
  const auto id = bench.begin(test);
  bench.answer(id, "100");
  bench.answer(id, "103", {{"link", "</a>"}});
  bench.answer(id, "200", {{"x-own", "1"}});
  EXPECT_THAT(test.interim, ElementsAre(103));
  EXPECT_EQ(test.call.response.status, 200);
  EXPECT_EQ(test.responses, 1);
  EXPECT_EQ(test.field("x-own"), "1");
  EXPECT_TRUE(test.call.response.has_body);
  bench.answer(RawClient::data(id, "abc"));
  EXPECT_EQ(test.read(), "abc");
  EXPECT_EQ(test.last, State::kWait);
  bench.answer(bench.server.headers(id, {{"grpc-status", "0"}, {"host", "x"}}));
  EXPECT_EQ(test.read(), "");
  EXPECT_EQ(test.last, State::kEnd);
  ASSERT_NE(test.call.body().trailers(), nullptr);
  EXPECT_EQ(test.call.body().trailers()->find("grpc-status")->value, "0");
  EXPECT_EQ(test.call.body().trailers()->find("host"), nullptr);
  EXPECT_EQ(bench.wire->exchanges(), 0U);
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(H2ClientWire, carries_many_calls_at_once_in_any_order) {
  ClientBench bench;
  bench.open();
  TestCall first;
  TestCall second;
  const auto one = bench.begin(first);
  const auto two = bench.begin(second);
  bench.answer(two, "200");
  bench.answer(one, "404");
  bench.answer(RawClient::data(one, "first", true) + RawClient::data(two, "second", true));
  EXPECT_EQ(first.read(), "first");
  EXPECT_EQ(second.read(), "second");
  EXPECT_EQ(first.call.response.status, 404);
}

TEST(H2ClientWire, keeps_to_the_number_of_streams_the_server_allows) {
  ClientBench bench;
  bench.open(RawClient::setting(3, 1));
  TestCall first;
  const auto id = bench.begin(first);
  EXPECT_FALSE(bench.wire->takes_calls());
  const int before = bench.changes;
  bench.answer(RawClient::settings(RawClient::setting(3, 2)));
  EXPECT_GT(bench.changes, before);
  EXPECT_TRUE(bench.wire->takes_calls());
  bench.answer(id, "200", {}, true);
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(H2ClientWire, says_that_a_response_that_ends_with_its_head_has_no_bytes) {
  ClientBench bench;
  bench.open();
  TestCall test("POST");
  const auto id = bench.begin(test);
  bench.answer(id, "200", {{"grpc-status", "12"}}, true);
  EXPECT_FALSE(test.call.response.has_body);
  EXPECT_EQ(test.call.body().length(), 0U);
  TestCall head("HEAD");
  bench.answer(bench.begin(head), "200", {{"content-length", "7"}}, true);
  EXPECT_EQ(head.call.body().length(), 7U);
  EXPECT_EQ(head.read(), "");
  EXPECT_EQ(head.last, State::kEnd);
}

TEST(H2ClientWire, opens_the_window_only_as_the_reader_takes_the_data) {
  ClientBench bench;
  bench.open();
  TestCall slow;
  const auto id = bench.begin(slow);
  bench.answer(id, "200");
  const std::string piece(16'384, 'x');
  std::size_t sent = 0;
  for (std::size_t window = 256 * 1024; window > 0; window -= piece.size()) {
    bench.answer(RawClient::data(id, piece));
    sent += piece.size();
  }
  bench.hear();
  std::size_t opened = 0;
  for (const auto& frame : bench.frames) {
    const bool of_stream = frame.header.type == FrameType::kWindowUpdate && frame.header.stream_id == id;
    if (of_stream) opened += frame.u32();
  }
  EXPECT_LE(opened, CallBody::kBufferedBytesMax);

  // Another call on the connection is not held up by it.
  TestCall other;
  const auto second = bench.begin(other);
  bench.answer(second, "200");
  bench.answer(RawClient::data(second, "abc", true));
  EXPECT_EQ(other.read(), "abc");

  bench.frames.clear();
  EXPECT_EQ(slow.read().size(), sent);
  bench.hear();
  EXPECT_NE(bench.find(FrameType::kWindowUpdate, id), nullptr);
}

TEST(H2ClientWire, gives_up_the_rest_of_a_request_that_is_answered) {
  ClientBench bench;
  bench.open();
  TestCall test("POST");
  Upload upload;
  test.call.request.body = &upload.body;
  const auto id = bench.begin(test);
  bench.answer(id, "413", {}, true);
  bench.hear();
  EXPECT_EQ(test.call.response.status, 413);
  EXPECT_EQ(test.read(), "");
  EXPECT_EQ(test.last, State::kEnd);
  EXPECT_EQ(bench.reset_of(id), Code::kCancel);
  EXPECT_TRUE(bench.wire->takes_calls());
  upload.script.add("more");
  bench.hear();
  EXPECT_EQ(bench.body_of(id), "");
}

TEST(H2ClientWire, cancels_one_call_and_keeps_the_others) {
  ClientBench bench;
  bench.open();
  auto given_up = std::make_unique<TestCall>();
  TestCall kept;
  const auto one = bench.begin(*given_up);
  const auto two = bench.begin(kept);
  given_up.reset();
  bench.hear();
  EXPECT_EQ(bench.reset_of(one), Code::kCancel);
  bench.answer(one, "200", {}, true);
  bench.answer(two, "200", {}, true);
  EXPECT_EQ(kept.responses, 1);
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(H2ClientWire, forgets_a_call_that_is_cancelled_before_it_is_sent) {
  ClientBench bench;
  bench.open();
  auto test = std::make_unique<TestCall>();
  bench.wire->start(test->call);
  test.reset();
  EXPECT_TRUE(bench.hear().empty());
  EXPECT_EQ(bench.wire->exchanges(), 0U);
}

TEST(H2ClientWire, fails_a_call_whose_body_fails) {
  ClientBench bench;
  bench.open();
  TestCall test("POST");
  Upload upload;
  test.call.request.body = &upload.body;
  const auto id = bench.begin(test);
  upload.script.fail();
  bench.hear();
  ASSERT_TRUE(test.failure);
  EXPECT_EQ(test.failure->fault, CallFault::kRequestFailed);
  EXPECT_EQ(bench.reset_of(id), Code::kCancel);
}

}  // namespace
}  // namespace gate::http::h2
