#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// How responses become HEADERS and DATA, and how exchanges end.
namespace gate::http::h2 {
namespace {

using testing::Lines;
using testing::RawClient;
using testing::ScriptedBody;
using testing::WireTest;

void answer(Exchange& exchange, ScriptedBody::Script& script) {
  exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
  exchange.respond();
}

TEST(H2Response, names_server_date_and_length) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kContentType, "text/plain");
    exchange.response.body = exchange.make_text_body("hello");
    exchange.respond();
  };
  test.talk(test.client.get(1));
  const auto* head = test.find(FrameType::kHeaders, 1);
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->line(":status"), "200");
  EXPECT_EQ(head->line("server"), "gate443");
  EXPECT_EQ(head->line("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(head->line("content-length"), "5");
  EXPECT_EQ(head->line("content-type"), "text/plain");
  EXPECT_FALSE(head->ends_stream());
  EXPECT_EQ(test.body_of(1), "hello");
  EXPECT_EQ(test.count(FrameType::kData), 1u) << "the end comes with the last bytes";
  EXPECT_TRUE(test.find(FrameType::kData, 1)->ends_stream());
  EXPECT_EQ(test.ended[0].response_bytes, 5u);
}

TEST(H2Response, keeps_the_server_field_of_a_service) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kServer, "other");
    exchange.respond();
  };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.find(FrameType::kHeaders, 1)->line("server"), "other");
}

TEST(H2Response, never_sends_connection_specific_fields) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add("connection", "keep-alive");
    exchange.response.fields.add("transfer-encoding", "chunked");
    exchange.response.fields.add("upgrade", "x");
    exchange.response.fields.add("keep-alive", "5");
    exchange.respond();
  };
  test.talk(test.client.get(1));
  const auto* head = test.find(FrameType::kHeaders, 1);
  for (const char* name : {"connection", "transfer-encoding", "upgrade", "keep-alive"}) EXPECT_EQ(head->line(name), "");
}

TEST(H2Response, without_body_ends_with_its_head) {
  WireTest test;
  test.open();
  test.talk(test.client.get(1));
  const auto* head = test.find(FrameType::kHeaders, 1);
  EXPECT_TRUE(head->ends_stream());
  EXPECT_EQ(head->line("content-length"), "0");
  EXPECT_EQ(test.count(FrameType::kData), 0u);
}

TEST(H2Response, to_head_declares_the_length_and_sends_nothing) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body("hello");
    exchange.respond();
  };
  test.talk(test.client.headers(1, RawClient::request_lines("HEAD")));
  EXPECT_TRUE(test.find(FrameType::kHeaders, 1)->ends_stream());
  EXPECT_EQ(test.find(FrameType::kHeaders, 1)->line("content-length"), "5");
  EXPECT_EQ(test.count(FrameType::kData), 0u);
}

TEST(H2Response, no_content_and_not_modified_declare_no_length) {
  for (const std::uint16_t status : {std::uint16_t{204}, std::uint16_t{304}}) {
    WireTest test;
    test.open();
    test.service = [status](Exchange& exchange) {
      exchange.response.status = status;
      exchange.response.body = exchange.make_text_body("not to be sent");
      exchange.respond();
    };
    test.talk(test.client.get(1));
    const auto* head = test.find(FrameType::kHeaders, 1);
    EXPECT_EQ(head->line(":status"), std::to_string(status));
    EXPECT_TRUE(head->ends_stream());
    EXPECT_EQ(head->line("content-length"), "");
    EXPECT_EQ(test.body_of(1), "");
  }
}

TEST(H2Response, that_could_split_a_message_becomes_an_error) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add("x-evil", "a\r\nb: c");
    exchange.respond();
  };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.status_of(1), "500");
}

TEST(H2Response, a_waiting_body_goes_on_when_it_wakes) {
  WireTest test;
  test.open();
  auto& script = test.script();
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.status_of(1), "200") << "the head does not wait for the body";
  EXPECT_EQ(test.count(FrameType::kData), 0u);
  const std::size_t reads = script.reads;
  test.receive();
  EXPECT_EQ(script.reads, reads) << "it is not asked again before it wakes";

  const std::size_t wakes = test.wakes;
  script.add("one");
  EXPECT_GT(test.wakes, wakes);
  test.receive();
  EXPECT_EQ(test.body_of(1), "one");
  script.add("two");
  test.receive();
  script.end();
  test.receive();
  EXPECT_EQ(test.body_of(1), "onetwo");
  EXPECT_TRUE(test.frames.back().ends_stream());
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H2Response, may_come_long_after_the_request) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.wire->exchanges(), 1u);
  EXPECT_EQ(test.count(FrameType::kHeaders), 0u);
  const std::size_t wakes = test.wakes;
  kept->respond();
  EXPECT_GT(test.wakes, wakes);
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Response, responses_may_overtake_each_other) {
  WireTest test;
  test.open();
  std::vector<Exchange*> kept;
  test.service = [&](Exchange& exchange) { kept.push_back(&exchange); };
  test.talk(test.client.get(1) + test.client.get(3));
  kept.at(1)->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "none");
  EXPECT_EQ(test.status_of(3), "200");
  kept.at(0)->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Response, trailers_end_the_stream) {
  WireTest test;
  test.open();
  auto& script = test.script({.bytes = "body", .ended = true, .trailers = {{"x-sum", "42"}, {"content-length", "9"}}});
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.body_of(1), "body");
  const auto& last = test.frames.back();
  EXPECT_EQ(last.header.type, FrameType::kHeaders);
  EXPECT_TRUE(last.ends_stream());
  EXPECT_EQ(last.line("x-sum"), "42");
  EXPECT_EQ(last.lines.size(), 1u) << "fields that do not belong into trailers are left out";
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H2Response, trailers_behind_a_body_that_ended_late) {
  WireTest test;
  test.open();
  auto& script = test.script({.bytes = "body", .trailers = {{"x-sum", "42"}}});
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1));
  script.end();
  test.receive();
  EXPECT_EQ(test.body_of(1), "body");
  EXPECT_EQ(test.frames.back().line("x-sum"), "42");
  EXPECT_TRUE(test.frames.back().ends_stream());
}

TEST(H2Response, a_body_that_fails_resets_its_stream) {
  WireTest test;
  test.open();
  auto& script = test.script({.bytes = "half"});
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1));
  script.fail();
  test.receive();
  EXPECT_EQ(test.body_of(1), "half");
  EXPECT_EQ(test.reset_of(1), Code::kInternalError);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kResponseFailed);
  test.talk(test.client.get(3));
  EXPECT_TRUE(test.violations.empty()) << "that was not the client's doing";
}

TEST(H2Response, a_body_that_breaks_its_declared_length_resets_its_stream) {
  for (const char* bytes : {"four", "sixsix"}) {
    WireTest test;
    test.open();
    auto& script = test.script({.bytes = bytes, .ended = true, .length = 5});
    test.service = [&](Exchange& exchange) { answer(exchange, script); };
    test.talk(test.client.get(1));
    EXPECT_EQ(test.reset_of(1), Code::kInternalError) << bytes;
    EXPECT_EQ(test.ended.at(0).outcome, Outcome::kResponseFailed);
  }
}

TEST(H2Response, to_a_request_that_is_not_complete_stops_the_upload) {
  WireTest test;
  test.open();
  test.talk(test.client.post(1));
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_EQ(test.reset_of(1), Code::kNoError);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
  // What was under way may still arrive.
  test.talk(RawClient::data(1, "late") + RawClient::data(1, "", true) + test.client.get(3));
  EXPECT_EQ(test.status_of(3), "200");
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Response, a_reset_by_the_client_ends_the_exchange_at_once) {
  WireTest test;
  test.open();
  auto& script = test.script();
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1));
  ASSERT_NE(script.body, nullptr);
  test.send(RawClient::reset(1));
  EXPECT_EQ(script.body, nullptr) << "the body is cancelled";
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_EQ(test.wire->exchanges(), 0u);
}

TEST(H2Response, that_is_ready_when_the_client_resets_is_dropped) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add("x-name", exchange.arena().copy("value"));
    exchange.response.body = exchange.make_text_body("hello");
    exchange.respond();
  };
  test.talk(test.client.get(1) + RawClient::reset(1) + test.client.get(3));
  EXPECT_EQ(test.status_of(1), "none");
  EXPECT_EQ(test.status_of(3), "200");
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
}

TEST(H2Response, large_heads_are_continued) {
  WireTest test;
  test.open();
  const std::string large(20'000, 'x');
  test.service = [&](Exchange& exchange) {
    for (int i = 0; i < 2; ++i) exchange.response.fields.add("x-large", large);
    exchange.respond();
  };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.find(FrameType::kHeaders, 1)->line("x-large"), large);
}

TEST(H2Response, abandoned_exchanges_end_once) {
  WireTest test;
  test.open();
  auto& script = test.script();
  test.service = [&](Exchange& exchange) { answer(exchange, script); };
  test.talk(test.client.get(1) + test.client.get(3));
  test.wire->abandon();
  EXPECT_EQ(test.ended.size(), 2u);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_TRUE(test.wire->finished());
  EXPECT_TRUE(test.receive().empty());
  test.wire.reset();
  EXPECT_EQ(test.ended.size(), 2u);
}

TEST(H2Response, a_wire_that_dies_ends_its_exchanges) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.get(1));
  test.wire.reset();
  EXPECT_EQ(test.ended.size(), 1u);
}

TEST(H2Response, a_client_that_will_send_nothing_more_still_gets_its_response) {
  WireTest test;
  test.open();
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.talk(test.client.get(1));
  test.wire->receive_end();
  EXPECT_FALSE(test.wire->finished());
  kept->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_TRUE(test.wire->finished());
}

TEST(H2Response, a_request_cut_by_the_end_of_input_ends) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.post(1) + RawClient::data(1, "half"));
  test.wire->receive_end();
  test.receive();
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_TRUE(test.wire->finished());
}

}  // namespace
}  // namespace gate::http::h2
