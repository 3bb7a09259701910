// Responses, persistence, pipelining and the ends of connections.

#include "http/h1/wire.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
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

TEST(H1Response, is_written_with_head_and_body_in_one) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kContentType, "text/plain");
    exchange.response.fields.add("x-own", "1");
    exchange.response.body = exchange.make_text_body("hello");
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  EXPECT_EQ(base::as_text(out.view()),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nx-own: 1\r\nServer: gate443\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 5\r\n\r\nhello");
}

TEST(H1Response, leaves_the_server_field_to_the_response) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kServer, "other");
    exchange.respond();
  };
  bench.send(kGet);
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.contains("Server: other\r\n"));
  EXPECT_FALSE(output.contains("gate443"));
}

TEST(H1Response, ignores_framing_fields_of_the_response) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    for (const auto id : {FieldId::kContentLength, FieldId::kTransferEncoding, FieldId::kConnection, FieldId::kDate}) {
      exchange.response.fields.add(id, "wrong");
    }
    exchange.respond();
  };
  bench.send(kGet);
  EXPECT_FALSE(bench.take_output().contains("wrong"));
}

TEST(H1Response, has_no_phrase_for_an_unregistered_status) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.status = 299;
    exchange.respond();
  };
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().starts_with("HTTP/1.1 299 \r\n"));
}

TEST(H1Response, cannot_be_split_by_a_field) {
  for (const std::string_view value : {"/\r\nSet-Cookie: a", "/\n", "/\r"}) {
    Bench bench;
    bench.handle = [value](Exchange& exchange) {
      exchange.response.fields.add(FieldId::kLocation, value);
      exchange.response.body = exchange.make_text_body("secret");
      exchange.respond();
    };
    bench.send(kGet);
    const std::string output = bench.take_output();
    EXPECT_TRUE(output.starts_with("HTTP/1.1 500 ")) << output;
    EXPECT_FALSE(output.contains("Location"));
    EXPECT_FALSE(output.contains("secret"));
    EXPECT_FALSE(bench.ended.at(0).reason.empty());
  }
}

TEST(H1Response, to_head_declares_and_sends_nothing) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}, .says_length = true});
  bench.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.ends_with("Content-Length: 5\r\n\r\n")) << output;
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 0U);
}

TEST(H1Response, without_content_has_no_length) {
  for (const int status : {204, 304}) {
    Bench bench;
    bench.handle = [status](Exchange& exchange) {
      exchange.response.status = static_cast<std::uint16_t>(status);
      exchange.response.body = exchange.make_text_body("hello");
      exchange.respond();
    };
    bench.send(std::string(kGet) + std::string(kGet));
    const std::string output = bench.take_output();
    EXPECT_EQ(statuses(output), (std::vector{status, status}));
    EXPECT_FALSE(output.contains("Content-Length"));
    EXPECT_FALSE(output.contains("hello"));
  }
}

TEST(H1Response, of_unknown_length_is_chunked) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello", ", world, it is me"}});
  bench.send(kGet);
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.contains("Transfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(output.contains("Content-Length"));
  EXPECT_TRUE(output.ends_with("\r\n\r\n5\r\nhello\r\n11\r\n, world, it is me\r\n0\r\n\r\n")) << output;
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 22U);
  EXPECT_FALSE(bench.wire->finished());
}

TEST(H1Response, writes_chunk_sizes_without_leading_zeros) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{255}, std::size_t{256}, std::size_t{4095},
                                 std::size_t{4096}, std::size_t{10000}}) {
    Bench bench;
    const std::string content(size, 'x');
    bench.handle = answer({.pieces = {content}});
    bench.send(kGet);
    std::array<char, 16> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), size, 16).ptr;
    EXPECT_TRUE(bench.take_output().ends_with("\r\n\r\n" + std::string(hex.data(), end) + "\r\n" + content + "\r\n0\r\n\r\n")) << size;
  }
}

TEST(H1Response, ends_with_its_trailers) {
  Bench bench;
  base::BlockPool blocks;
  base::Arena arena(blocks);
  FieldList trailers(arena);
  trailers.add("x-sum", "1");
  trailers.add(FieldId::kETag, "\"a\"");
  trailers.add(FieldId::kContentLength, "7");
  trailers.add("x-bad", "a\r\nb: c");
  bench.handle = answer({.pieces = {"hello"}, .trailers = &trailers});
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().ends_with("5\r\nhello\r\n0\r\nx-sum: 1\r\nETag: \"a\"\r\n\r\n"));
}

TEST(H1Response, to_an_old_client_ends_with_the_connection) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}});
  bench.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_FALSE(output.contains("chunked"));
  EXPECT_TRUE(output.contains("Connection: close\r\n"));
  EXPECT_TRUE(output.ends_with("\r\n\r\nhello"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Response, continues_when_its_waiting_body_wakes) {
  Bench bench;
  PiecesBody* body = nullptr;
  bench.handle = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(PiecesBody::Plan{.pieces = {"hello", "", ", world"}});
    body = static_cast<PiecesBody*>(exchange.response.body.get());
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  EXPECT_TRUE(base::as_text(out.view()).ends_with("5\r\nhello\r\n"));
  const auto wakes = bench.wakes;
  body->wake_reader();
  EXPECT_EQ(bench.wakes, wakes + 1);
  bench.produce();
  EXPECT_TRUE(bench.take_output().ends_with("7\r\n, world\r\n0\r\n\r\n"));
}

TEST(H1Response, keeps_about_to_the_budget) {
  Bench bench;
  bench.handle = answer({.pieces = {std::string(100'000, 'x')}, .says_length = true});
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 4096);
  EXPECT_EQ(out.size(), 4096U);
  out.clear();
  bench.wire->produce(out, 4096);
  EXPECT_EQ(out.size(), 4096U);
  bench.produce();
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 100'000U);
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Response, that_fails_cuts_the_connection) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}, .fails = true});
  bench.send(std::string(kGet) + std::string(kGet));
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{200});
  EXPECT_FALSE(output.ends_with("0\r\n\r\n"));
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1Response, shorter_than_declared_cuts_the_connection) {
  class Short final : public BodySource {
    BodyRead read(std::span<std::byte> into) override {
      into[0] = std::byte{'h'};
      return {BodyRead::State::kEnd, 1};
    }
    std::optional<std::uint64_t> length() const override { return 5; }
  };
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<Short>();
    exchange.respond();
  };
  bench.send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200}) << "the next would be taken for the rest of this one";
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1Response, may_come_later) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(kGet);
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_EQ(bench.wire->exchanges(), 1U);
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "it is the service that takes its time";
  waiting->respond();
  EXPECT_GT(bench.wakes, 0U);
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  EXPECT_EQ(bench.wire->exchanges(), 0U);
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
