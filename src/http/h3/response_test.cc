#include <gtest/gtest.h>

#include <string>

#include "http/h3/wire_for_test.h"

// How responses become frames, and how far they go ahead of their reader.
namespace gate::http::h3 {
namespace {

using testing::data_frame;
using testing::FrameType;
using testing::ScriptedBody;
using testing::WireTest;

constexpr std::size_t kStreamHeld = 2 * 1024 * 1024;
constexpr std::size_t kConnectionHeld = 4 * 1024 * 1024;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST(H3Response, has_the_fields_of_every_response) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.status = 404;
    exchange.response.fields.add("x-own", "1");
    exchange.response.fields.add("connection", "close");
    exchange.response.body = exchange.make_text_body("gone");
    exchange.respond();
  };
  test.open();
  test.talk(0, testing::get(), true);
  const auto head = test.head(0);
  EXPECT_EQ(head.line(":status"), "404");
  EXPECT_EQ(head.line("server"), "gate443");
  EXPECT_EQ(head.line("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(head.line("content-length"), "4");
  EXPECT_EQ(head.line("x-own"), "1");
  EXPECT_EQ(head.line("connection"), "");
  EXPECT_EQ(test.body(0), "gone");
  EXPECT_TRUE(test.end(0).ended);
}

TEST(H3Response, to_head_has_the_length_and_no_content) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body("text");
    exchange.respond();
  };
  test.open();
  test.talk(0, testing::headers(testing::request_lines("HEAD")), true);
  EXPECT_EQ(test.head(0).line("content-length"), "4");
  EXPECT_EQ(test.frames(0).size(), 1U);
  EXPECT_TRUE(test.end(0).ended);
}

TEST(H3Response, a_large_body_arrives_whole_whatever_the_network_takes_at_once) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{1200}, SIZE_MAX}) {
    WireTest test;
    auto& script = test.script({.bytes = pattern(at_once == 1 ? 20'000 : 1'000'000), .ended = true});
    test.serve(script);
    test.transport.bytes_at_once = at_once;
    test.open();
    test.talk(0, testing::get(), true);
    for (int i = 0; i < 100 && !test.end(0).ended; ++i) test.receive();
    EXPECT_TRUE(test.body(0) == script.bytes) << at_once;
    EXPECT_EQ(test.ended.at(0).response_bytes, script.bytes.size());
    EXPECT_EQ(test.transport.streams_allowed, 1U);
  }
}

TEST(H3Response, a_body_that_has_to_wait_goes_on_when_it_can) {
  WireTest test;
  auto& script = test.script();
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.body(0), "");
  script.add("one");
  test.receive();
  EXPECT_EQ(test.body(0), "one");
  script.add("two");
  script.end();
  test.receive();
  EXPECT_EQ(test.body(0), "onetwo");
  EXPECT_TRUE(test.end(0).ended);
}

TEST(H3Response, an_end_without_bytes_ends_the_stream) {
  WireTest test;
  auto& script = test.script({.bytes = "all"});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  EXPECT_FALSE(test.end(0).ended);
  script.end();
  test.receive();
  EXPECT_TRUE(test.end(0).ended);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H3Response, trailers_follow_the_body) {
  WireTest test;
  auto& script = test.script(
      {.bytes = "x", .ended = true, .trailers = {{"x-sum", "1"}, {"content-length", "9"}, {"x-bad", "a\nb"}}});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  const auto frames = test.frames(0);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[2].lines, (testing::Lines{{"x-sum", "1"}}));
  EXPECT_TRUE(test.end(0).ended);
}

TEST(H3Response, trailers_follow_a_body_whose_end_came_late) {
  WireTest test;
  auto& script = test.script({.bytes = "x", .trailers = {{"x-sum", "1"}}});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  script.end();
  test.receive();
  EXPECT_EQ(test.frames(0).at(2).line("x-sum"), "1");
  EXPECT_TRUE(test.end(0).ended);
}

TEST(H3Response, that_fails_in_the_middle_is_reset) {
  WireTest test;
  auto& script = test.script({.bytes = "part"});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  script.fail();
  test.receive();
  EXPECT_EQ(test.end(0).reset, Code::kInternalError);
  EXPECT_FALSE(test.end(0).ended);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kResponseFailed);
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Response, that_breaks_its_length_is_reset) {
  for (const std::uint64_t length : {3U, 5U}) {
    WireTest test;
    auto& script = test.script({.bytes = "four", .ended = true, .length = length});
    test.serve(script);
    test.open();
    test.talk(0, testing::get(), true);
    EXPECT_EQ(test.end(0).reset, Code::kInternalError);
    EXPECT_EQ(test.ended.at(0).outcome, Outcome::kResponseFailed);
  }
}

TEST(H3Response, that_may_not_be_sent_becomes_500) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add("x-split", "a\r\nset-cookie: b");
    exchange.respond();
  };
  test.open();
  test.talk(0, testing::get(), true);
  EXPECT_EQ(test.status(0), "500");
}

TEST(H3Response, may_come_long_after_the_request) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::get(), true);
  EXPECT_EQ(test.wire->exchanges(), 1U);
  const auto wakes = test.transport.wakes;
  kept->respond();
  EXPECT_GT(test.transport.wakes, wakes);
  test.receive();
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.wire->exchanges(), 0U);
}

// --- What is pulled and not acknowledged

TEST(H3Response, nothing_is_pulled_before_the_network_takes_it) {
  WireTest test;
  auto& script = test.script({.bytes = pattern(1'000'000), .ended = true});
  test.serve(script);
  test.open();
  test.transport.connection_window = 0;
  test.talk(0, testing::get(), true);
  EXPECT_EQ(script.at, 0U);
}

TEST(H3Response, a_shut_window_pulls_no_more_than_a_piece) {
  WireTest test;
  auto& script = test.script({.bytes = pattern(1'000'000), .ended = true});
  test.serve(script);
  test.open();
  test.transport.at(0).window = 10'000;
  test.talk(0, testing::get(), true);
  EXPECT_EQ(test.end(0).bytes.size(), 10'000U);
  EXPECT_LE(script.at, 10'000 + 2 * SentBytes::kChunkBytes);
  test.open_window(0, 2'000'000);
  EXPECT_TRUE(test.end(0).ended);
  EXPECT_TRUE(test.body(0) == script.bytes);
}

TEST(H3Response, a_client_that_acknowledges_nothing_holds_a_bounded_share_of_memory) {
  WireTest test;
  auto& script = test.script({.bytes = pattern(10'000'000), .ended = true});
  test.serve(script);
  test.open();
  test.acknowledges = false;
  test.talk(0, testing::get(), true);
  EXPECT_GE(script.at, kStreamHeld);
  EXPECT_LE(script.at, kStreamHeld + SentBytes::kChunkBytes);
  test.acknowledges = true;
  for (int i = 0; i < 100 && !test.end(0).ended; ++i) test.receive();
  EXPECT_TRUE(test.body(0) == script.bytes);
}

TEST(H3Response, many_streams_that_acknowledge_nothing_share_a_bound) {
  WireTest test;
  std::size_t pulled = 0;
  for (int i = 0; i < 10; ++i) test.script({.bytes = pattern(1'500'000), .ended = true});
  std::vector<ScriptedBody::Script*> scripts;
  test.service = [&](Exchange& exchange) {
    scripts.push_back(&test.script({.bytes = pattern(1'500'000), .ended = true}));
    exchange.response.body = exchange.make_body<ScriptedBody>(*scripts.back(), exchange.arena());
    exchange.respond();
  };
  test.open();
  test.acknowledges = false;
  for (quic::StreamId id = 0; id < 40; id += 4) test.talk(id, testing::get(), true);
  for (const auto* script : scripts) pulled += script->at;
  EXPECT_GE(pulled, kConnectionHeld);
  EXPECT_LE(pulled, kConnectionHeld + SentBytes::kChunkBytes);
  test.acknowledges = true;
  for (int i = 0; i < 100; ++i) test.receive();
  for (quic::StreamId id = 0; id < 40; id += 4) EXPECT_TRUE(test.body(id) == scripts[0]->bytes) << id;
  EXPECT_EQ(test.ended.size(), 10U);
}

TEST(H3Response, a_reset_stream_s_share_is_free_again_when_it_is_closed) {
  WireTest test;
  std::vector<ScriptedBody::Script*> scripts;
  test.service = [&](Exchange& exchange) {
    scripts.push_back(&test.script({.bytes = pattern(3'000'000), .ended = true}));
    exchange.response.body = exchange.make_body<ScriptedBody>(*scripts.back(), exchange.arena());
    exchange.respond();
  };
  test.open();
  test.acknowledges = false;
  for (quic::StreamId id = 0; id < 12; id += 4) test.talk(id, testing::get(), true);
  EXPECT_LT(scripts[2]->at, 100'000U);
  test.stop(0);
  test.wire->closed(0, std::nullopt);
  test.receive();
  EXPECT_GE(scripts[2]->at, kStreamHeld - SentBytes::kChunkBytes);
}

TEST(H3Response, what_was_sent_stays_readable_until_the_stream_is_closed) {
  WireTest test;
  auto& script = test.script({.bytes = pattern(50'000), .ended = true});
  test.serve(script);
  test.open();
  // Takes nothing, so that the output stays where it is.
  test.send(0, testing::get(), true);
  quic::StreamOutput output;
  do {
    output = test.wire->next_output();
    if (output.stream == 0) break;
    std::size_t size = 0;
    for (std::size_t i = 0; i < output.count; ++i) size += output.pieces[i].size();
    test.wire->taken(output.stream, size);
  } while (!output.nothing());
  ASSERT_EQ(output.stream, 0);
  std::size_t size = 0;
  for (std::size_t i = 0; i < output.count; ++i) size += output.pieces[i].size();
  test.wire->taken(0, size);
  test.wire->reset_by_peer(0, static_cast<std::uint64_t>(Code::kRequestCancelled));
  EXPECT_EQ(test.wire->exchanges(), 0U);
  std::string again;
  for (std::size_t i = 0; i < output.count; ++i) again += base::as_text(output.pieces[i]);
  EXPECT_TRUE(again.ends_with(script.bytes.substr(0, 100)) || again.contains(script.bytes.substr(0, 100)));
  test.wire->closed(0, std::nullopt);
}

// --- Order (RFC 9218)

TEST(H3Response, the_more_urgent_goes_first) {
  WireTest test;
  test.service = [&](Exchange& exchange) {
    auto& script = test.script({.bytes = pattern(100'000), .ended = true});
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.open();
  test.transport.connection_window = 0;
  test.talk(0, testing::get("/", {{"priority", "u=5"}}), true);
  test.talk(4, testing::get("/", {{"priority", "u=1"}}), true);
  test.talk(8, testing::get(), true);
  test.transport.connection_window = 100'000;
  test.receive();
  EXPECT_EQ(test.end(0).bytes, "");
  EXPECT_GT(test.end(4).bytes.size(), 99'000U);
}

TEST(H3Response, a_priority_update_changes_the_order) {
  WireTest test;
  test.service = [&](Exchange& exchange) {
    auto& script = test.script({.bytes = pattern(100'000), .ended = true});
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.open();
  test.transport.connection_window = 0;
  test.talk(0, testing::get(), true);
  test.talk(4, testing::get(), true);
  test.talk(WireTest::kControl, testing::frame(FrameType::kPriorityUpdate, testing::varint(4) + "u=0"));
  test.transport.connection_window = 100'000;
  test.receive();
  EXPECT_EQ(test.end(0).bytes, "");
  EXPECT_GT(test.end(4).bytes.size(), 99'000U);
}

TEST(H3Response, incremental_ones_share) {
  WireTest test;
  test.service = [&](Exchange& exchange) {
    auto& script = test.script({.bytes = pattern(100'000), .ended = true});
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.open();
  test.transport.connection_window = 0;
  test.transport.bytes_at_once = 1200;
  test.talk(0, testing::get("/", {{"priority", "i"}}), true);
  test.talk(4, testing::get("/", {{"priority", "i"}}), true);
  test.transport.connection_window = 100'000;
  test.receive();
  EXPECT_GT(test.end(0).bytes.size(), 30'000U);
  EXPECT_GT(test.end(4).bytes.size(), 30'000U);
}

// --- Cancelled by the client

TEST(H3Response, a_client_that_stops_it_cancels_the_exchange) {
  WireTest test;
  auto& script = test.script({.bytes = "x"});
  test.serve(script);
  test.open();
  test.talk(0, testing::get(), true);
  test.stop(0);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_EQ(script.body, nullptr);
  EXPECT_EQ(test.wire->exchanges(), 0U);
}

TEST(H3Response, a_client_that_resets_its_request_cancels_the_exchange) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post() + data_frame("part"));
  ASSERT_NE(kept, nullptr);
  test.reset(0);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_EQ(test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(test.transport.streams_allowed, 1U);
}

// nghttp3 may schedule a stream again that was shut, by a priority update: it must not look at what is gone.
TEST(H3Response, cancelled_before_it_was_sent_it_is_not_looked_at_again) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add(exchange.arena().copy("x-own"), exchange.arena().copy(std::string(2000, 'v')));
    exchange.response.body = exchange.make_text_body("text");
    exchange.respond();
  };
  test.open();
  test.transport.connection_window = 0;
  test.send(0, testing::get(), true);
  test.send(4, testing::get(), true);
  test.transport.connection_window = 1 << 20;
  test.wire->next_output();  // submits both heads
  test.stop(4);
  test.wire->unblocked(4);
  test.talk(WireTest::kControl, testing::frame(FrameType::kPriorityUpdate, testing::varint(4) + "u=0"));
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.end(4).bytes, "");
}

}  // namespace
}  // namespace gate::http::h3
