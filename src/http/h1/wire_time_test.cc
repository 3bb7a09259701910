// Deadlines of the wire.

#include <gtest/gtest.h>

#include <string>

#include "http/h1/harness_for_test.h"
#include "http/h1/wire.h"

namespace gate::http::h1 {
namespace {

using namespace std::chrono_literals;
using testing::Bench;
using testing::PiecesBody;
using testing::statuses;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";

const Limits kLimits{
    .header_timeout = 10s, .idle_timeout = 75s, .stall_timeout = 30s, .body_rate_min = 100, .body_grace = 20s};

TEST(H1Time, idle_connection_ends_silently) {
  Bench bench(kLimits);
  bench.pass(74s);
  EXPECT_FALSE(bench.wire->finished());
  bench.pass(1s);
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_TRUE(bench.ended.empty());
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max());
}

TEST(H1Time, idleness_counts_from_the_last_response) {
  Bench bench(kLimits);
  bench.pass(74s);
  bench.send(kGet);
  bench.pass(74s);
  EXPECT_FALSE(bench.wire->finished());
  bench.pass(1s);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, slow_head_is_refused_however_it_trickles) {
  Bench bench(kLimits);
  for (int second = 0; second < 9; ++second) {
    bench.send(kGet.substr(static_cast<std::size_t>(second), 1));
    bench.pass(1s);
  }
  EXPECT_EQ(bench.take_output(), "");
  bench.pass(1s);
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{408});
  EXPECT_TRUE(output.contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).reason, "request head too slow");
}

TEST(H1Time, an_empty_line_is_the_beginning_of_a_head) {
  Bench bench(kLimits);
  bench.send("\r\n");
  bench.pass(10s);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, slow_body_is_refused) {
  Bench bench(kLimits);
  bench.handle = bench.collect();
  bench.send(kPost);
  for (int second = 0; second < 39; ++second) {
    bench.send(std::string(50, 'x'));
    bench.pass(1s);
    ASSERT_FALSE(bench.wire->finished()) << second;
  }
  bench.pass(2s);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{408});
  EXPECT_EQ(bench.ended.at(0).reason, "request body too slow");
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, steady_body_may_take_as_long_as_it_likes) {
  Bench bench(kLimits);
  bench.handle = bench.collect();
  bench.send(kPost);
  for (int second = 0; second < 1000; ++second) {
    bench.pass(1s);
    bench.send(std::string(100, 'x'));
  }
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Time, body_that_stops_after_a_fast_start_is_refused) {
  Bench bench(kLimits);
  bench.handle = bench.collect();
  bench.send(kPost + std::string(90'000, 'x'));
  bench.send(std::string(1000, 'x'));
  bench.pass(29s);
  EXPECT_FALSE(bench.wire->finished());
  bench.pass(1s);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, rest_of_a_body_nobody_wants_is_not_waited_for) {
  Bench bench(kLimits);
  bench.send(kPost);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  bench.pass(20s);
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Time, reader_that_takes_nothing_is_cut_off) {
  Bench bench(kLimits);
  bench.takes_output = false;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(PiecesBody::Plan{.pieces = {"hello", "", "world"}});
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  EXPECT_EQ(bench.wire->exchanges(), 1U);
  bench.pass(19s);
  bench.pass(1s);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, reader_of_a_whole_response_that_takes_nothing_is_cut_off) {
  Bench bench(kLimits);
  bench.takes_output = false;
  bench.send(kGet);
  bench.pass(19s);
  EXPECT_FALSE(bench.wire->finished());
  bench.pass(1s);
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.size(), 1U);
}

TEST(H1Time, slow_reader_in_the_middle_ends_as_a_timeout) {
  Bench bench(kLimits);
  bench.takes_output = false;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(PiecesBody::Plan{.pieces = {std::string(100'000, 'x')}});
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  for (int second = 0; second < 100 && bench.ended.empty(); ++second) {
    bench.wire->note_progress(50);
    bench.advance(1s);
  }
  ASSERT_EQ(bench.ended.size(), 1U);
  EXPECT_EQ(bench.ended[0].outcome, Outcome::kClientTimeout);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Time, reader_at_its_pace_is_left_alone) {
  Bench bench(kLimits);
  bench.takes_output = false;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(PiecesBody::Plan{.pieces = {std::string(100'000, 'x')}});
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 1'000'000);
  for (int second = 0; second < 900; ++second) {
    bench.wire->note_progress(100);
    bench.advance(1s);
    ASSERT_FALSE(bench.wire->finished());
  }
}

TEST(H1Time, deadline_that_moved_is_no_deadline) {
  Bench bench(kLimits);
  bench.advance(70s);
  bench.send(kGet);
  bench.advance(10s);
  bench.wire->on_deadline();
  EXPECT_FALSE(bench.wire->finished());
}

}  // namespace
}  // namespace gate::http::h1
