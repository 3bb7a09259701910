// Extended CONNECT: RFC 9220.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "http/h3/wire_for_test.h"
#include "http/testing/tunnel_service.h"

namespace gate::http::h3 {
namespace {

using namespace std::chrono_literals;
using http::testing::EchoBody;
using http::testing::TunnelService;
using testing::data_frame;
using testing::FrameType;
using testing::headers;
using testing::WireTest;

std::string connect_head() {
  return headers({{":method", "CONNECT"},
                  {":protocol", "websocket"},
                  {":scheme", "https"},
                  {":authority", "example.com"},
                  {":path", "/chat?room=1"}});
}

// A connection with a tunnel on stream 0.
class Tunnel : public TunnelService {
 public:
  explicit Tunnel(const Limits& limits = {}) : TunnelService(200), test(limits) {
    test.service = [this](Exchange& exchange) { handle(exchange); };
    test.open();
    test.talk(0, connect_head());
  }
  void client_says(std::string_view bytes, bool end = false) {
    test.talk(0, bytes.empty() ? std::string() : data_frame(bytes), end);
  }

  WireTest test;
};

TEST(H3Tunnel, reaches_the_service_as_a_request) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.method, Method::kConnect);
    EXPECT_EQ(exchange.request.protocol, "websocket");
    EXPECT_EQ(exchange.request.path, "/chat");
    EXPECT_EQ(exchange.request.query, "room=1");
    EXPECT_EQ(exchange.request.host, "example.com");
    EXPECT_FALSE(exchange.request.has_body);
    exchange.refuse({404, {}, "not here"});
  };
  test.talk(0, connect_head());
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(test.status(0), "404");
}

TEST(H3Tunnel, begins_with_200_and_no_length) {
  Tunnel tunnel;
  EXPECT_EQ(tunnel.test.status(0), "200");
  EXPECT_EQ(tunnel.test.head(0).line("content-length"), "");
  EXPECT_FALSE(tunnel.test.end(0).ended);
}

TEST(H3Tunnel, carries_bytes_both_ways_and_ends_when_both_directions_have) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<EchoBody>(exchange.request_body());
    exchange.response.tunnel = true;
    exchange.respond();
  };
  test.talk(0, connect_head());
  test.talk(0, data_frame("ping"));
  EXPECT_EQ(test.body(0), "ping");
  EXPECT_TRUE(test.ended.empty());
  test.talk(0, data_frame("pong"), true);
  EXPECT_EQ(test.body(0), "pingpong");
  EXPECT_TRUE(test.end(0).ended);
  ASSERT_EQ(test.ended.size(), 1U);
  EXPECT_EQ(test.ended[0].outcome, Outcome::kComplete);
  EXPECT_EQ(test.ended[0].request_bytes, 8U);
  EXPECT_EQ(test.ended[0].response_bytes, 8U);
  EXPECT_EQ(test.end(0).stopped, std::nullopt);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Tunnel, goes_on_when_the_service_has_ended) {
  Tunnel tunnel;
  tunnel.out.add("the last");
  tunnel.out.end();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body(0), "the last");
  EXPECT_TRUE(tunnel.test.end(0).ended);
  EXPECT_EQ(tunnel.test.end(0).stopped, std::nullopt);
  tunnel.client_says("more");
  EXPECT_EQ(tunnel.read(), "more");
  EXPECT_TRUE(tunnel.test.ended.empty());
}

TEST(H3Tunnel, is_kept_until_its_reader_has_seen_all) {
  for (const bool acknowledged : {true, false}) {
    Tunnel tunnel;
    tunnel.test.acknowledges =
        acknowledged;  // with all acknowledged, QUIC is done with the stream before the reader is
    tunnel.out.end();
    tunnel.test.receive();
    tunnel.client_says("the very last", true);
    EXPECT_EQ(tunnel.test.end(0).closed, acknowledged);
    EXPECT_TRUE(tunnel.test.ended.empty());
    EXPECT_EQ(tunnel.read(), "the very last");
    EXPECT_EQ(tunnel.last, BodyRead::State::kEnd);
    EXPECT_NE(tunnel.out.body, nullptr);
    tunnel.test.receive();
    ASSERT_EQ(tunnel.test.ended.size(), 1U);
    EXPECT_EQ(tunnel.test.ended[0].outcome, Outcome::kComplete);
    EXPECT_EQ(tunnel.out.body, nullptr);
    EXPECT_EQ(tunnel.test.wire->exchanges(), 0U);
  }
}

TEST(H3Tunnel, that_is_kept_may_die_with_its_connection) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.client_says("unread", true);
  tunnel.test.wire->abandon();
  ASSERT_EQ(tunnel.test.ended.size(), 1U);
  EXPECT_EQ(tunnel.test.ended[0].outcome, Outcome::kClientGone);
}

TEST(H3Tunnel, that_is_kept_for_a_reader_who_does_not_read_ends_in_time) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.client_says("unread", true);
  tunnel.test.advance(tunnel.test.limits.stall_timeout - 1ms);
  EXPECT_TRUE(tunnel.test.ended.empty());
  tunnel.test.advance(1ms);
  ASSERT_EQ(tunnel.test.ended.size(), 1U);
  EXPECT_EQ(tunnel.test.ended[0].outcome, Outcome::kServerClosed);
  EXPECT_TRUE(tunnel.test.violations.empty()) << "not the client's fault";
}

TEST(H3Tunnel, that_is_kept_holds_up_the_end_of_a_drain) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.test.wire->drain();
  tunnel.test.receive();
  tunnel.client_says("the very last", true);
  EXPECT_EQ(tunnel.test.transport.closed, std::nullopt);
  EXPECT_EQ(tunnel.read(), "the very last");
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.transport.closed, Code::kNoError);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H3Tunnel, goes_on_when_the_client_has_ended) {
  Tunnel tunnel;
  tunnel.client_says("", true);
  EXPECT_EQ(tunnel.read(), "");
  EXPECT_EQ(tunnel.last, BodyRead::State::kEnd);
  tunnel.test.advance(1h);
  tunnel.out.add("still here");
  tunnel.out.end();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body(0), "still here");
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H3Tunnel, is_cancelled_when_its_source_fails) {
  Tunnel tunnel;
  tunnel.out.fail();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.end(0).reset, Code::kRequestCancelled);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H3Tunnel, ends_when_the_client_resets_it_even_half_ended) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.test.reset(0);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kClientGone);
}

TEST(H3Tunnel, bears_more_than_a_body_may_have) {
  Tunnel tunnel({.body_bytes_max = 10});
  tunnel.client_says("twenty bytes of text");
  EXPECT_EQ(tunnel.read(), "twenty bytes of text");
  EXPECT_EQ(tunnel.last, BodyRead::State::kWait);
}

TEST(H3Tunnel, may_be_silent) {
  Tunnel tunnel;
  tunnel.test.advance(24h);
  tunnel.client_says("x");
  EXPECT_EQ(tunnel.read(), "x");
  tunnel.test.advance(24h);
  EXPECT_TRUE(tunnel.test.ended.empty());
  EXPECT_TRUE(tunnel.test.violations.empty());
}

TEST(H3Tunnel, is_cut_when_the_client_takes_nothing) {
  Tunnel tunnel;
  auto& end = tunnel.test.transport.at(0);
  end.window = end.bytes.size() + 10;
  tunnel.out.add(std::string(100, 'x'));
  tunnel.test.receive();
  for (int i = 0; i < 10; ++i) {
    tunnel.test.advance(tunnel.test.limits.stall_timeout - 1ms);
    tunnel.test.open_window(0, 1);
  }
  EXPECT_TRUE(tunnel.test.ended.empty()) << "as slowly as it likes";
  tunnel.test.advance(tunnel.test.limits.stall_timeout);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kClientTimeout);
  EXPECT_EQ(end.reset, Code::kRequestCancelled);
}

TEST(H3Tunnel, whose_service_has_ended_gives_a_silent_client_its_time_and_no_more) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  for (int i = 0; i < 5; ++i) {
    tunnel.test.advance(tunnel.test.limits.stall_timeout - 1ms);
    tunnel.client_says("x");
    EXPECT_EQ(tunnel.read(), "x");
  }
  EXPECT_TRUE(tunnel.test.ended.empty());
  tunnel.test.advance(tunnel.test.limits.stall_timeout);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H3Tunnel, outlives_the_beginning_of_a_drain) {
  Tunnel tunnel;
  tunnel.test.wire->drain();
  tunnel.test.receive();
  tunnel.test.advance(1h);
  tunnel.out.add("go on");
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body(0), "go on");
  EXPECT_EQ(tunnel.test.transport.closed, std::nullopt);
}

TEST(H3Tunnel, has_no_trailers) {
  Tunnel tunnel;
  tunnel.client_says("x");
  tunnel.test.talk(0, headers({{"x-trailer", "1"}}));
  EXPECT_EQ(tunnel.test.transport.closed, Code::kFrameUnexpected);
}

TEST(H3Tunnel, is_not_what_answers_connect_by_chance) {
  WireTest test;
  test.open();
  test.talk(0, connect_head());
  EXPECT_EQ(test.status(0), "501");
  EXPECT_EQ(test.end(0).stopped, Code::kNoError);
}

}  // namespace
}  // namespace gate::http::h3
