// Request bodies on the wire: framing, back pressure, 100-continue, faults in the middle.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "http/h1/harness_for_test.h"
#include "http/h1/wire.h"

namespace gate::http::h1 {
namespace {

using namespace std::string_literals;
using testing::Bench;
using testing::EchoBody;
using testing::statuses;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string post(std::size_t length, std::string_view fields = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" + std::string(fields) +
         "\r\n";
}
std::string chunked_post(std::string_view fields = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + std::string(fields) + "\r\n";
}

void echo(Exchange& exchange) {
  exchange.response.body = exchange.make_body<EchoBody>(exchange.request_body());
  exchange.respond();
}

TEST(H1RequestBody, is_empty_for_a_request_without_one) {
  Bench bench;
  bench.handle = [&](Exchange& exchange) {
    EXPECT_EQ(exchange.request_body().length(), 0U);
    bench.collector.start(exchange);
  };
  bench.send(kGet);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1RequestBody, of_declared_length_is_read_in_full_and_no_further) {
  Bench bench;
  std::vector<std::optional<std::uint64_t>> lengths;
  bench.handle = [&](Exchange& exchange) {
    lengths.push_back(exchange.request_body().length());
    bench.collector.start(exchange);
  };
  bench.send(post(11) + "hello");
  EXPECT_EQ(bench.take_output(), "");
  bench.send(" world" + kGet);
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), (std::vector{200, 200}));
  EXPECT_EQ(lengths, (std::vector<std::optional<std::uint64_t>>{11, 0}));
  EXPECT_TRUE(output.contains("\r\n\r\nhello world"));
  EXPECT_EQ(bench.ended.at(0).request_body_bytes, 11U);
}

TEST(H1RequestBody, chunked_is_decoded_with_its_trailers) {
  Bench bench;
  bench.handle = echo;
  bench.send(chunked_post() + "5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.contains("c\r\nhello, world\r\n0\r\nx-sum: 1\r\n\r\n")) << output;
  EXPECT_EQ(bench.ended.at(0).request_body_bytes, 12U);
}

TEST(H1RequestBody, streams_through_a_response_while_it_arrives) {
  Bench bench;
  bench.handle = echo;
  bench.send(chunked_post());
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  bench.send("5\r\nhello\r\n");
  EXPECT_EQ(bench.take_output(), "5\r\nhello\r\n");
  bench.send("3\r\nyou\r\n0\r\n\r\n");
  EXPECT_EQ(bench.take_output(), "3\r\nyou\r\n0\r\n\r\n");
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
  bench.send(kGet);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1RequestBody, slows_its_sender_when_nobody_pulls) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(post(1'000'000));
  EXPECT_TRUE(bench.wire->wants_read());
  bench.send(std::string(64 * 1024, 'x'));
  EXPECT_FALSE(bench.wire->wants_read());
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "the sender is not to blame";
  const auto wakes = bench.wakes;
  std::string room(1000, '\0');
  EXPECT_EQ(waiting->request_body().read(std::as_writable_bytes(std::span(room))).count, 1000U);
  EXPECT_TRUE(bench.wire->wants_read());
  EXPECT_EQ(bench.wakes, wakes + 1);
  EXPECT_NE(bench.wire->deadline(), base::Instant::max());
}

TEST(H1RequestBody, takes_a_receive_buffer_more_than_it_asked_for) {
  Bench bench;
  bench.handle = bench.collect();
  bench.send(post(300'000));
  for (int i = 0; i < 3; ++i) bench.wire->receive(base::as_bytes(std::string(100'000, 'x')));
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 300'000U);
}

TEST(H1RequestBody, left_unread_is_thrown_away_and_the_connection_lives_on) {
  for (const std::string& request : {post(5) + "hello", chunked_post() + "5\r\nhello\r\n0\r\n\r\n"}) {
    Bench bench;
    bench.send(request + kGet);
    EXPECT_EQ(statuses(bench.take_output()), (std::vector{200, 200}));
  }
}

TEST(H1RequestBody, left_unread_is_thrown_away_as_it_comes) {
  Bench bench;
  bench.send(post(10) + "hello");
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{200});
  EXPECT_FALSE(output.contains("Connection: close"));
  EXPECT_EQ(bench.wire->exchanges(), 1U);
  bench.send("world" + kGet);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  EXPECT_EQ(bench.ended.at(0).request_body_bytes, 10U);
}

TEST(H1RequestBody, too_long_to_throw_away_closes_the_connection) {
  Bench bench({.discarded_body_bytes_max = 100});
  bench.send(post(100));
  EXPECT_FALSE(bench.take_output().contains("Connection: close"));
  bench.reopen();
  bench.send(post(101));
  EXPECT_TRUE(bench.take_output().contains("Connection: close"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1RequestBody, unknown_to_be_too_long_closes_the_connection_when_it_is) {
  Bench bench({.discarded_body_bytes_max = 100});
  bench.send(chunked_post());
  EXPECT_FALSE(bench.take_output().contains("Connection: close"));
  bench.send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_FALSE(bench.wire->finished());
  bench.send("1\r\nx");
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1RequestBody, over_the_limit_is_refused_when_declared) {
  Bench bench({.body_bytes_max = 10});
  bench.send(post(11));
  EXPECT_EQ(statuses(bench.take_output()), std::vector{413});
  EXPECT_EQ(bench.dispatched, 0U);
}

TEST(H1RequestBody, over_the_limit_is_refused_when_it_gets_there) {
  Bench bench({.body_bytes_max = 10});
  bench.handle = bench.collect();
  bench.send(chunked_post() + "a\r\n0123456789\r\n");
  EXPECT_EQ(bench.take_output(), "");
  bench.send("1\r\nx");
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{413});
  EXPECT_TRUE(output.contains("Connection: close"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1RequestBody, fault_in_the_middle_replaces_the_response) {
  Bench bench;
  bench.handle = bench.collect();
  bench.send(chunked_post() + "5\r\nhello\r\n");
  bench.send("bad\n");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{400});
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).status, 400);
  EXPECT_EQ(bench.ended.at(0).reason, "malformed chunked body");
  EXPECT_EQ(bench.violations.size(), 1U);
}

TEST(H1RequestBody, fault_that_came_with_the_head_reaches_no_service) {
  Bench bench;
  bench.send(chunked_post() + "5 \r\nhello\r\n");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{400});
  EXPECT_EQ(bench.dispatched, 0U);
}

TEST(H1RequestBody, fault_behind_the_response_ends_the_connection_without_another) {
  Bench bench;
  bench.send(chunked_post() + "5\r\nhel");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  bench.send("lo!");
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.violations.size(), 1U);
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1RequestBody, fault_in_an_echo_cuts_the_response) {
  Bench bench;
  bench.handle = echo;
  bench.send(chunked_post() + "5\r\nhello\r\n");
  bench.take_output();
  bench.send("bad\n");
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1RequestBody, cut_short_by_the_client_is_refused) {
  Bench bench;
  bench.handle = bench.collect();
  bench.send(post(10) + "hello");
  bench.send_end();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{400});
  EXPECT_EQ(bench.ended.at(0).reason, "request cut short by the client");
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Continue, is_sent_at_the_first_pull) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(post(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(bench.take_output(), "") << "nobody wants the body yet";
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "the client waits, as it should";
  bench.collector.start(*waiting);
  EXPECT_GT(bench.wakes, 0U);
  bench.produce();
  EXPECT_EQ(bench.take_output(), kContinue);
  EXPECT_NE(bench.wire->deadline(), base::Instant::max());
  bench.send("hello");
  EXPECT_TRUE(bench.take_output().ends_with("\r\n\r\nhello"));
  bench.send(kGet);
  EXPECT_EQ(bench.dispatched, 2U);
}

TEST(H1Continue, is_sent_once) {
  Bench bench;
  bench.handle = bench.collect();
  bench.send(chunked_post("Expect: 100-continue\r\n"));
  bench.send("5\r\nhello\r\n");
  bench.send("5\r\nworld\r\n0\r\n\r\n");
  EXPECT_EQ(statuses(bench.take_output()), (std::vector{100, 200}));
}

TEST(H1Continue, is_left_out_when_the_body_is_there_already) {
  Bench bench;
  bench.handle = bench.collect();
  bench.send(post(5, "Expect: 100-continue\r\n") + "hel");
  bench.send("lo");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Continue, is_left_out_when_the_body_comes_unasked) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(post(5, "Expect: 100-continue\r\n"));
  bench.send("hel");
  bench.collector.start(*waiting);
  bench.produce();
  bench.send("lo");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Continue, is_replaced_by_a_refusal_and_the_end) {
  Bench bench;
  bench.handle = [](Exchange& exchange) { exchange.refuse({403, {}, "no"}); };
  bench.send(post(5, "Expect: 100-continue\r\n"));
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{403});
  EXPECT_TRUE(output.contains("Connection: close\r\n")) << "what comes next may be the body or a request";
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Continue, goes_before_a_success_that_is_ready) {
  Bench bench;
  bench.handle = echo;
  bench.send(chunked_post("Expect: 100-continue\r\n"));
  EXPECT_EQ(statuses(bench.take_output()), (std::vector{100, 200}));
  bench.send("5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(bench.take_output(), "5\r\nhello\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace gate::http::h1
