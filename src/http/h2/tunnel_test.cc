// Extended CONNECT: RFC 8441.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "http/h2/wire_for_test.h"
#include "http/testing/tunnel_service.h"

namespace gate::http::h2 {
namespace {

using namespace std::chrono_literals;
using http::testing::EchoBody;
using http::testing::TunnelService;
using testing::Lines;
using testing::RawClient;
using testing::WireTest;

Lines connect_lines(const Lines& more = {}) {
  Lines lines{{":method", "CONNECT"},
              {":protocol", "websocket"},
              {":scheme", "https"},
              {":path", "/chat?room=1"},
              {":authority", "example.com"}};
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

// A connection with a tunnel on stream 1.
class Tunnel : public TunnelService {
 public:
  explicit Tunnel(const Limits& limits = {}) : TunnelService(200), test(limits) {
    test.service = [this](Exchange& exchange) { handle(exchange); };
    test.open();
    test.talk(test.client.headers(1, connect_lines(), false));
  }
  void client_says(std::string_view bytes, bool end = false) { test.talk(RawClient::data(1, bytes, end)); }
  bool server_ended() const {
    return std::ranges::any_of(test.frames, [](const auto& frame) {
      return frame.header.type == FrameType::kData && frame.header.stream_id == 1 && frame.ends_stream();
    });
  }

  WireTest test;
};

TEST(H2Tunnel, is_offered_in_the_settings) {
  WireTest test;
  test.talk(RawClient::greeting());
  const auto* settings = test.find(FrameType::kSettings, 0);
  ASSERT_NE(settings, nullptr);
  EXPECT_TRUE(settings->payload.contains(RawClient::setting(8, 1)));
}

TEST(H2Tunnel, reaches_the_service_as_a_request) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.method, Method::kConnect);
    EXPECT_EQ(exchange.request.protocol, "websocket");
    EXPECT_EQ(exchange.request.path, "/chat");
    EXPECT_EQ(exchange.request.query, "room=1");
    EXPECT_EQ(exchange.request.host, "example.com");
    EXPECT_EQ(exchange.request.scheme, "https");
    EXPECT_FALSE(exchange.request.has_body);
    exchange.refuse({404, {}, "not here"});
  };
  test.talk(test.client.headers(1, connect_lines(), false));
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(test.status_of(1), "404");
}

TEST(H2Tunnel, begins_with_200_and_no_length) {
  Tunnel tunnel;
  EXPECT_EQ(tunnel.test.status_of(1), "200");
  EXPECT_EQ(tunnel.test.find(FrameType::kHeaders, 1)->line("content-length"), "");
  EXPECT_FALSE(tunnel.server_ended());
}

TEST(H2Tunnel, carries_bytes_both_ways_and_ends_when_both_directions_have) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<EchoBody>(exchange.request_body());
    exchange.response.tunnel = true;
    exchange.respond();
  };
  test.talk(test.client.headers(1, connect_lines(), false));
  test.talk(RawClient::data(1, "ping"));
  EXPECT_EQ(test.body_of(1), "ping");
  EXPECT_TRUE(test.ended.empty());
  test.talk(RawClient::data(1, "pong", true));
  EXPECT_EQ(test.body_of(1), "pingpong");
  ASSERT_EQ(test.ended.size(), 1U);
  EXPECT_EQ(test.ended[0].outcome, Outcome::kComplete);
  EXPECT_EQ(test.ended[0].request_bytes, 8U);
  EXPECT_EQ(test.ended[0].response_bytes, 8U);
  EXPECT_EQ(test.reset_of(1), std::nullopt);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Tunnel, goes_on_when_the_service_has_ended) {
  Tunnel tunnel;
  tunnel.out.add("the last");
  tunnel.out.end();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body_of(1), "the last");
  EXPECT_TRUE(tunnel.server_ended());
  tunnel.client_says("more");
  EXPECT_EQ(tunnel.read(), "more");
  EXPECT_EQ(tunnel.test.reset_of(1), std::nullopt);
  EXPECT_TRUE(tunnel.test.ended.empty());
}

TEST(H2Tunnel, is_kept_until_its_reader_has_seen_all) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.client_says("the very last", true);
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

TEST(H2Tunnel, that_is_kept_may_die_with_its_connection) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.client_says("unread", true);
  tunnel.test.wire->abandon();
  ASSERT_EQ(tunnel.test.ended.size(), 1U);
  EXPECT_EQ(tunnel.test.ended[0].outcome, Outcome::kClientGone);
}

TEST(H2Tunnel, that_is_kept_for_a_reader_who_does_not_read_ends_in_time) {
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

TEST(H2Tunnel, that_is_kept_holds_up_the_end_of_a_drain) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.test.wire->drain();
  tunnel.test.receive();
  tunnel.test.advance(tunnel.test.limits.linger_timeout);
  tunnel.client_says("the very last", true);
  EXPECT_FALSE(tunnel.test.wire->finished());
  EXPECT_EQ(tunnel.read(), "the very last");
  tunnel.test.receive();
  EXPECT_TRUE(tunnel.test.wire->finished());
}

TEST(H2Tunnel, goes_on_when_the_client_has_ended) {
  Tunnel tunnel;
  tunnel.client_says("", true);
  EXPECT_EQ(tunnel.read(), "");
  EXPECT_EQ(tunnel.last, BodyRead::State::kEnd);
  tunnel.test.advance(1h);
  tunnel.out.add("still here");
  tunnel.out.end();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body_of(1), "still here");
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H2Tunnel, is_cancelled_when_its_source_fails) {
  Tunnel tunnel;
  tunnel.out.fail();
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.reset_of(1), Code::kCancel);
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kResponseFailed);
  EXPECT_TRUE(tunnel.test.violations.empty());
}

TEST(H2Tunnel, ends_when_the_client_resets_it_even_half_ended) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.test.receive();
  tunnel.test.talk(RawClient::reset(1));
  EXPECT_EQ(tunnel.test.ended.at(0).outcome, Outcome::kClientGone);
}

TEST(H2Tunnel, bears_more_than_a_body_may_have) {
  Tunnel tunnel({.body_bytes_max = 10});
  tunnel.client_says("twenty bytes of text");
  EXPECT_EQ(tunnel.read(), "twenty bytes of text");
  EXPECT_EQ(tunnel.last, BodyRead::State::kWait);
}

TEST(H2Tunnel, may_be_silent) {
  Tunnel tunnel;
  tunnel.test.advance(24h);
  tunnel.client_says("x");
  EXPECT_EQ(tunnel.read(), "x");
  tunnel.test.advance(24h);
  EXPECT_TRUE(tunnel.test.ended.empty());
  EXPECT_TRUE(tunnel.test.violations.empty());
}

TEST(H2Tunnel, waits_for_its_service_without_a_limit_to_the_client) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.headers(1, connect_lines(), false));
  test.advance(1h);
  EXPECT_TRUE(test.ended.empty());
  EXPECT_EQ(test.status_of(1), "none");
}

TEST(H2Tunnel, is_cut_when_the_client_takes_nothing) {
  TunnelService service(200);
  WireTest test;
  test.service = [&](Exchange& exchange) { service.handle(exchange); };
  test.open(RawClient::setting(4, 10));  // the window of a stream
  service.out.add(std::string(100, 'x'));
  test.talk(test.client.headers(1, connect_lines(), false));
  EXPECT_EQ(test.body_of(1).size(), 10U);
  for (int i = 0; i < 10; ++i) {
    test.advance(test.limits.stall_timeout - 1ms);
    test.talk(RawClient::window_update(1, 1));
  }
  EXPECT_TRUE(test.ended.empty()) << "as slowly as it likes";
  test.advance(test.limits.stall_timeout);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H2Tunnel, whose_service_has_ended_gives_a_silent_client_its_time_and_no_more) {
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

TEST(H2Tunnel, outlives_the_beginning_of_a_drain) {
  Tunnel tunnel;
  tunnel.test.wire->drain();
  tunnel.test.receive();
  tunnel.test.advance(1h);
  tunnel.out.add("go on");
  tunnel.test.receive();
  EXPECT_EQ(tunnel.test.body_of(1), "go on");
  EXPECT_FALSE(tunnel.test.wire->finished());
}

TEST(H2Tunnel, has_no_trailers) {
  Tunnel tunnel;
  tunnel.test.talk(tunnel.test.client.headers(1, {{"x-trailer", "1"}}));
  EXPECT_EQ(tunnel.test.reset_of(1), Code::kProtocolError);
}

TEST(H2Tunnel, is_not_what_answers_connect_by_chance) {
  WireTest test;
  test.open();
  test.talk(test.client.headers(1, connect_lines(), false));
  EXPECT_EQ(test.status_of(1), "501");
  EXPECT_EQ(test.reset_of(1), Code::kNoError);
}

TEST(H2Tunnel, is_refused_to_a_service_whose_client_did_not_ask) {
  TunnelService service(200);
  WireTest test;
  test.service = [&](Exchange& exchange) { service.handle(exchange); };
  test.open();
  test.talk(test.client.get(1));
  EXPECT_EQ(test.status_of(1), "500");
}

}  // namespace
}  // namespace gate::http::h2
