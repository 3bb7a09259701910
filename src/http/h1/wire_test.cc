// Persistence, pipelining and the ends of connections.

#include "http/h1/wire.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "http/h1/harness_for_test.h"

namespace gate::http::h1 {
namespace {

using namespace std::string_literals;
using testing::Bench;
using testing::PiecesBody;
using testing::statuses;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOldGet = "GET / HTTP/1.0\r\n\r\n";

Bench::Handle answer(PiecesBody::Plan plan) {
  return [plan](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(plan);
    exchange.respond();
  };
}

TEST(H1Connection, answers_requests_one_after_the_other) {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    bench.send(kGet);
    EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  }
  ASSERT_EQ(bench.ended.size(), 3U);
  EXPECT_EQ(bench.ended[0].id, 1U);
  EXPECT_EQ(bench.ended[2].id, 3U);
  EXPECT_FALSE(bench.wire->finished());
}

TEST(H1Connection, closes_when_the_client_says_so) {
  Bench bench;
  bench.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"s + std::string(kGet));
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{200});
  EXPECT_TRUE(output.contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.dispatched, 1U);
}

TEST(H1Connection, keeps_an_old_client_that_asks_for_it) {
  Bench bench;
  bench.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(bench.take_output().contains("Connection: keep-alive\r\n"));
  EXPECT_FALSE(bench.wire->finished());
  bench.send(kOldGet);
  EXPECT_TRUE(bench.take_output().contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, ends_after_its_share_of_requests) {
  Bench bench({.requests_per_connection_max = 2});
  bench.send(kGet);
  EXPECT_FALSE(bench.take_output().contains("Connection: close"));
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().contains("Connection: close"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, answers_pipelined_requests_in_order) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body(exchange.request.path);
    exchange.respond();
  };
  std::string input;
  for (const char* path : {"/a", "/b", "/c"}) input += "GET "s + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  bench.wire->receive(base::as_bytes(input));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  const std::string output(base::as_text(out.view()));
  EXPECT_EQ(statuses(output), (std::vector{200, 200, 200})) << "in one go";
  EXPECT_LT(output.find("\r\n\r\n/a"), output.find("\r\n\r\n/b"));
  EXPECT_LT(output.find("\r\n\r\n/b"), output.find("\r\n\r\n/c"));
}

TEST(H1Connection, handles_a_pipelined_request_only_after_the_response_before) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(bench.dispatched, 1U);
  waiting->respond();
  bench.produce();
  EXPECT_EQ(bench.dispatched, 2U);
}

TEST(H1Connection, stops_reading_when_enough_is_pipelined) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(kGet);
  EXPECT_TRUE(bench.wire->wants_read());
  std::string more;
  while (more.size() < 16 * 1024) more += kGet;
  bench.send(more);
  EXPECT_FALSE(bench.wire->wants_read());
  bench.handle = [](Exchange& exchange) { exchange.respond(); };
  waiting->respond();
  bench.produce();
  EXPECT_TRUE(bench.wire->wants_read());
  EXPECT_EQ(bench.ended.size(), 1 + more.size() / kGet.size());
}

TEST(H1Connection, spreads_many_pipelined_responses_over_budgets) {
  Bench bench;
  std::string input;
  for (int i = 0; i < 1000; ++i) input += kGet;
  bench.wire->receive(base::as_bytes(input));
  base::Buffer out;
  bench.wire->produce(out, 4096);
  EXPECT_LT(out.size(), 8192U);
  EXPECT_LT(bench.ended.size(), 100U);
  bench.produce();
  EXPECT_EQ(bench.ended.size(), 1000U);
}

TEST(H1Connection, answers_a_client_that_has_closed_its_side) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(std::string(kGet) + std::string(kGet));
  bench.send_end();
  EXPECT_FALSE(bench.wire->finished());
  EXPECT_FALSE(bench.wire->wants_read());
  waiting->respond();
  bench.produce();
  EXPECT_FALSE(bench.wire->finished()) << "one is left";
  waiting->respond();
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), (std::vector{200, 200}));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, ends_silently_with_an_idle_client) {
  Bench bench;
  bench.send(kGet);
  bench.take_output();
  bench.send_end();
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_TRUE(bench.violations.empty());
}

TEST(H1Connection, drains_at_once_when_idle) {
  Bench bench;
  bench.send(kGet);
  bench.wire->drain();
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, drains_after_the_first_request_of_a_client_that_has_just_come) {
  Bench bench;
  bench.wire->drain();
  EXPECT_FALSE(bench.wire->finished());
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, drains_after_the_response_in_flight) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(kGet);
  bench.wire->drain();
  EXPECT_FALSE(bench.wire->finished());
  waiting->respond();
  bench.produce();
  EXPECT_TRUE(bench.take_output().contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, drains_after_the_pipelined_requests_it_has) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(std::string(kGet) + std::string(kGet));
  bench.wire->drain();
  bench.handle = [](Exchange& exchange) { exchange.respond(); };
  waiting->respond();
  bench.produce();
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), (std::vector{200, 200}));
  EXPECT_GT(output.find("Connection: close"), output.rfind("HTTP/1.1 200"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, drains_after_a_request_that_has_begun_to_arrive) {
  Bench bench;
  bench.send(kGet.substr(0, 10));
  bench.wire->drain();
  EXPECT_FALSE(bench.wire->finished());
  bench.send(kGet.substr(10));
  EXPECT_TRUE(bench.take_output().contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Connection, drains_after_a_response_that_had_promised_to_live_on) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello", "", "world"}});
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  bench.wire->drain();
  EXPECT_FALSE(bench.wire->finished());
  bench.produce();
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Connection, abandons_what_is_in_flight) {
  Bench bench;
  bench.handle = [](Exchange&) {};
  bench.send(kGet);
  bench.wire->abandon();
  ASSERT_EQ(bench.ended.size(), 1U);
  EXPECT_EQ(bench.ended[0].outcome, Outcome::kClientGone);
  EXPECT_TRUE(bench.wire->finished());
  bench.produce();
  EXPECT_EQ(bench.take_output(), "");
  bench.wire.reset();
  EXPECT_EQ(bench.ended.size(), 1U) << "exactly once";
}

TEST(H1Connection, ends_a_response_before_the_request_body_it_reads_from) {
  class Reader final : public BodySource {
   public:
    Reader(BodySource& from, std::optional<std::uint64_t>& length) : from_(from), length_(length) {}
    ~Reader() override { length_ = from_.length(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    BodyRead read(std::span<std::byte>) override { return {BodyRead::State::kWait, 0}; }

   private:
    BodySource& from_;
    std::optional<std::uint64_t>& length_;
  };
  Bench bench;
  std::optional<std::uint64_t> length;
  bench.handle = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<Reader>(exchange.request_body(), length);
    exchange.respond();
  };
  bench.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  bench.wire->abandon();
  EXPECT_EQ(length, 5U);
}

TEST(H1Connection, abandons_nothing_when_only_a_part_of_a_head_has_come) {
  Bench bench;
  bench.send("GET");
  EXPECT_EQ(bench.wire->exchanges(), 0U);
  bench.wire->abandon();
  EXPECT_TRUE(bench.ended.empty());
}

TEST(H1Connection, reports_what_its_end_cuts_off) {
  Bench bench;
  bench.handle = [](Exchange&) {};
  bench.send(kGet);
  bench.wire.reset();
  ASSERT_EQ(bench.ended.size(), 1U);
  EXPECT_EQ(bench.ended[0].outcome, Outcome::kServerClosed);
}

TEST(H1Connection, refuses_and_reports_a_malformed_request) {
  Bench bench;
  bench.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{400});
  EXPECT_TRUE(output.contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.dispatched, 0U);
  EXPECT_EQ(bench.violations, std::vector<std::string>{"malformed request"});
  ASSERT_EQ(bench.ended.size(), 1U);
  EXPECT_EQ(bench.ended[0].status, 400);
  EXPECT_EQ(bench.ended[0].outcome, Outcome::kComplete);
  EXPECT_NE(bench.ended[0].id, 0U);
}

TEST(H1Connection, throws_away_what_follows_a_refusal) {
  Bench bench;
  bench.wire->receive(base::as_bytes("BAD\r\n"));
  EXPECT_TRUE(bench.wire->wants_read());
  bench.wire->receive(base::as_bytes(kGet));
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{400});
  bench.send(kGet);
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_EQ(bench.dispatched, 0U);
}

class Page final : public ErrorPages {
 public:
  void render(Exchange& exchange) const override { exchange.response.body = exchange.make_text_body("the page"); }
};

TEST(H1Connection, shows_the_servers_page_for_its_refusals) {
  const Page page;
  Bench bench;
  bench.error_pages(&page);
  bench.send("BAD\r\n");
  EXPECT_TRUE(bench.take_output().ends_with("Content-Length: 8\r\nConnection: close\r\n\r\nthe page"));
}

TEST(H1Connection, says_how_it_is_connected_and_not_what_the_client_claims) {
  Bench bench;
  std::string schemes;
  bench.handle = [&](Exchange& exchange) {
    schemes += std::string(exchange.request.scheme) + " ";
    exchange.respond();
  };
  bench.send("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
  bench.connection.secure = true;
  bench.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(schemes, "http https ");
}

}  // namespace
}  // namespace gate::http::h1
