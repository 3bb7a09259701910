// HTTP/1.1 that becomes another protocol: RFC 9110 7.8.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "http/h1/harness_for_test.h"
#include "http/testing/tunnel_service.h"

namespace gate::http::h1 {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using http::testing::TunnelService;
using testing::Bench;
using testing::EchoBody;
using testing::statuses;

constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

void echo(Exchange& exchange) {
  if (exchange.request.path == "/chat") {
    exchange.response.status = 101;
    exchange.response.fields.add(FieldId::kUpgrade, "websocket");
    exchange.response.body = exchange.make_body<EchoBody>(exchange.request_body());
    exchange.response.tunnel = true;
  }
  exchange.respond();
}

// A connection that has become a tunnel.
class Tunnel : public TunnelService {
 public:
  explicit Tunnel(Limits limits = {}) : TunnelService(101), bench(limits) {
    bench.handle = [this](Exchange& exchange) {
      exchange.response.fields.add(FieldId::kUpgrade, "websocket");
      handle(exchange);
    };
    bench.send(kUpgrade);
    head = bench.take_output();
  }

  Bench bench;
  std::string head;
};

// Behind the head of the 101.
std::string_view tunnelled(std::string_view output) { return output.substr(output.find("\r\n\r\n") + 4); }

TEST(H1Tunnel, begins_with_101_and_the_protocol) {
  const Tunnel tunnel;
  EXPECT_TRUE(tunnel.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << tunnel.head;
  EXPECT_TRUE(tunnel.head.contains("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")) << tunnel.head;
  EXPECT_FALSE(tunnel.head.contains("Content-Length"));
  EXPECT_FALSE(tunnel.head.contains("Transfer-Encoding"));
}

TEST(H1Tunnel, carries_bytes_as_they_are_and_ends_when_both_directions_have) {
  Bench bench;
  bench.handle = echo;
  bench.send(kUpgrade);
  bench.take_output();
  bench.send("ping");
  EXPECT_EQ(bench.take_output(), "ping");
  bench.send("0\r\n\r\n"s + '\0' + "x");
  EXPECT_EQ(bench.take_output(), "0\r\n\r\n"s + '\0' + "x");
  EXPECT_FALSE(bench.wire->finished());
  bench.send_end();
  EXPECT_TRUE(bench.wire->finished());
  ASSERT_EQ(bench.ended.size(), 1U);
  EXPECT_EQ(bench.ended[0].status, 101);
  EXPECT_EQ(bench.ended[0].outcome, Outcome::kComplete);
  EXPECT_EQ(bench.ended[0].request_body_bytes, 11U);
  EXPECT_EQ(bench.ended[0].response_body_bytes, 11U);
  EXPECT_TRUE(bench.violations.empty());
}

TEST(H1Tunnel, takes_what_came_with_the_head_for_its_own) {
  Bench bench;
  bench.handle = echo;
  bench.send(std::string(kUpgrade) + std::string(kGet));
  const std::string output = bench.take_output();
  EXPECT_EQ(tunnelled(output), kGet);
  EXPECT_EQ(bench.dispatched, 1U);
}

TEST(H1Tunnel, takes_what_came_while_the_service_was_thinking) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(std::string(kUpgrade) + "one ");
  bench.send("two ");
  EXPECT_EQ(bench.take_output(), "");
  echo(*waiting);
  bench.send("three");
  const std::string output = bench.take_output();
  EXPECT_EQ(tunnelled(output), "one two three");
}

TEST(H1Tunnel, behind_a_pipelined_request_takes_the_rest) {
  Bench bench;
  bench.handle = echo;
  bench.send(std::string(kGet) + std::string(kUpgrade) + "rest");
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), (std::vector{200, 101}));
  EXPECT_TRUE(output.ends_with("\r\n\r\nrest"));
}

TEST(H1Tunnel, that_nobody_takes_is_answered_as_http) {
  Bench bench;
  bench.send(std::string(kUpgrade) + std::string(kGet));
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), (std::vector{200, 200}));
  EXPECT_FALSE(output.contains("Upgrade"));
  EXPECT_FALSE(bench.wire->finished());
}

TEST(H1Tunnel, that_is_not_decided_yet_holds_a_bounded_input) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(kUpgrade);
  EXPECT_TRUE(bench.wire->wants_read());
  const std::string much(16 * 1024, 'x');
  bench.send(much);
  EXPECT_FALSE(bench.wire->wants_read());
  echo(*waiting);
  bench.produce();
  const std::string output = bench.take_output();
  EXPECT_EQ(tunnelled(output), much);
  EXPECT_TRUE(bench.wire->wants_read());
}

TEST(H1Tunnel, to_a_client_that_has_ended_already_yields_its_end) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(std::string(kUpgrade) + "bye");
  bench.send_end();
  echo(*waiting);
  bench.produce();
  const std::string output = bench.take_output();
  EXPECT_EQ(tunnelled(output), "bye");
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Tunnel, slows_a_client_that_is_faster_than_its_service) {
  Tunnel tunnel;
  tunnel.bench.send(std::string(64 * 1024, 'x'));
  EXPECT_FALSE(tunnel.bench.wire->wants_read());
  const std::size_t before = tunnel.bench.wakes;
  EXPECT_EQ(tunnel.read().size(), 64U * 1024);
  EXPECT_TRUE(tunnel.bench.wire->wants_read());
  EXPECT_GT(tunnel.bench.wakes, before);
}

TEST(H1Tunnel, bears_more_than_a_body_may_have) {
  Tunnel tunnel({.body_bytes_max = 10, .discarded_body_bytes_max = 10});
  tunnel.bench.send("twenty bytes of text");
  EXPECT_EQ(tunnel.read(), "twenty bytes of text");
  EXPECT_EQ(tunnel.last, BodyRead::State::kWait);
}

// --- The end of one direction

TEST(H1Tunnel, goes_on_when_the_service_has_ended) {
  Tunnel tunnel;
  tunnel.out.add("the last");
  EXPECT_FALSE(tunnel.bench.wire->output_ended());
  tunnel.out.end();
  tunnel.bench.produce();
  EXPECT_EQ(tunnel.bench.take_output(), "the last");
  EXPECT_TRUE(tunnel.bench.wire->output_ended());
  EXPECT_FALSE(tunnel.bench.wire->finished());
  tunnel.bench.send("more");
  EXPECT_EQ(tunnel.read(), "more");
  EXPECT_NE(tunnel.out.body, nullptr) << "it may be what reads the other direction";
  tunnel.bench.send("and more");
  tunnel.bench.send_end();
  EXPECT_FALSE(tunnel.bench.wire->finished()) << "the service has not read all";
  EXPECT_EQ(tunnel.read(), "and more");
  EXPECT_EQ(tunnel.last, BodyRead::State::kEnd);
  tunnel.bench.produce();
  EXPECT_TRUE(tunnel.bench.wire->finished());
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kComplete);
  EXPECT_EQ(tunnel.out.body, nullptr);
}

TEST(H1Tunnel, goes_on_when_the_client_has_ended) {
  Tunnel tunnel;
  tunnel.bench.send_end();
  EXPECT_EQ(tunnel.read(), "");
  EXPECT_EQ(tunnel.last, BodyRead::State::kEnd);
  tunnel.bench.pass(1h);
  tunnel.out.add("still here");
  tunnel.bench.produce();
  EXPECT_EQ(tunnel.bench.take_output(), "still here");
  EXPECT_FALSE(tunnel.bench.wire->finished());
  tunnel.out.end();
  tunnel.bench.produce();
  EXPECT_TRUE(tunnel.bench.wire->finished());
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Tunnel, is_cut_when_its_source_fails) {
  Tunnel tunnel;
  tunnel.out.fail();
  tunnel.bench.produce();
  EXPECT_TRUE(tunnel.bench.wire->finished());
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1Tunnel, ends_with_its_connection) {
  Tunnel tunnel;
  tunnel.bench.wire->abandon();
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kClientGone);
  EXPECT_EQ(tunnel.out.body, nullptr);
}

// --- Time

TEST(H1Tunnel, may_be_silent) {
  Tunnel tunnel;
  EXPECT_EQ(tunnel.bench.wire->deadline(), base::Instant::max());
  tunnel.bench.pass(24h);
  tunnel.bench.send("x");
  EXPECT_EQ(tunnel.read(), "x");
  EXPECT_EQ(tunnel.bench.wire->deadline(), base::Instant::max());
}

TEST(H1Tunnel, is_cut_when_the_client_takes_nothing) {
  Tunnel tunnel;
  tunnel.bench.takes_output = false;
  tunnel.out.add("take this");
  tunnel.bench.produce();
  tunnel.bench.pass(tunnel.bench.limits.stall_timeout - 1ms);
  EXPECT_FALSE(tunnel.bench.wire->finished());
  tunnel.bench.pass(1ms);
  EXPECT_TRUE(tunnel.bench.wire->finished());
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H1Tunnel, lets_the_client_take_as_slowly_as_it_likes) {
  Tunnel tunnel;
  tunnel.bench.takes_output = false;
  tunnel.out.add(std::string(100, 'x'));
  tunnel.bench.produce();
  for (int i = 0; i < 20; ++i) {
    tunnel.bench.pass(tunnel.bench.limits.stall_timeout - 1ms);
    tunnel.bench.wire->note_progress(1);
  }
  EXPECT_FALSE(tunnel.bench.wire->finished());
}

TEST(H1Tunnel, whose_service_has_ended_gives_a_silent_client_its_time_and_no_more) {
  Tunnel tunnel;
  tunnel.out.end();
  tunnel.bench.produce();
  for (int i = 0; i < 5; ++i) {
    tunnel.bench.pass(tunnel.bench.limits.stall_timeout - 1ms);
    tunnel.bench.send("x");
  }
  EXPECT_FALSE(tunnel.bench.wire->finished());
  tunnel.bench.pass(tunnel.bench.limits.stall_timeout);
  EXPECT_TRUE(tunnel.bench.wire->finished());
  EXPECT_EQ(tunnel.bench.ended.at(0).outcome, Outcome::kClientTimeout);
}

TEST(H1Tunnel, outlives_the_beginning_of_a_drain) {
  Tunnel tunnel;
  tunnel.bench.wire->drain();
  tunnel.bench.pass(1h);
  tunnel.out.add("go on");
  tunnel.bench.produce();
  EXPECT_EQ(tunnel.bench.take_output(), "go on");
  EXPECT_EQ(tunnel.bench.wire->exchanges(), 1U);
}

// --- What may not become a tunnel

std::vector<int> answers_to(std::string_view request) {
  Bench bench;
  bench.handle = echo;
  bench.send(request);
  const std::string output = bench.take_output();
  EXPECT_FALSE(output.contains("Upgrade")) << output;
  return statuses(output);
}

TEST(H1Tunnel, is_refused_to_a_service_whose_client_did_not_ask) {
  EXPECT_EQ(answers_to("GET /chat HTTP/1.1\r\nHost: a\r\n\r\n"), std::vector{500});
  EXPECT_EQ(answers_to("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"), std::vector{500});
  EXPECT_EQ(answers_to("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
            std::vector{500});
  EXPECT_EQ(answers_to("GET /chat HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
            std::vector{500});
  EXPECT_EQ(answers_to("POST /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       "Content-Length: 1\r\n\r\nx"),
            std::vector{500});
}

TEST(H1Tunnel, needs_101_and_a_body) {
  for (const bool has_body : {false, true}) {
    Bench bench;
    bench.handle = [has_body](Exchange& exchange) {
      exchange.response.status = has_body ? 200 : 101;
      exchange.response.fields.add(FieldId::kUpgrade, "websocket");
      if (has_body) exchange.response.body = exchange.make_text_body("x");
      exchange.response.tunnel = true;
      exchange.respond();
    };
    bench.send(kUpgrade);
    EXPECT_EQ(statuses(bench.take_output()), std::vector{500});
    EXPECT_FALSE(bench.wire->finished());
    bench.handle = [](Exchange& exchange) { exchange.respond(); };
    bench.send(kGet);
    EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  }
}

}  // namespace
}  // namespace gate::http::h1
