#include "http/h1/client_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/client_bench.h"

namespace gate::http::h1 {
namespace {

using namespace std::chrono_literals;
using http::testing::FakeBody;
using State = BodyRead::State;
using ClientBench = http::testing::ClientBench<ClientWire>;
using http::testing::TestCall;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kThree = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

TEST(ClientWire, writes_a_request_to_the_letter) {
  ClientBench bench;
  TestCall test("GET", "/a?b");
  test.add("accept", "*/*");
  test.add("x-own", "1");
  bench.wire->start(test.call);
  EXPECT_EQ(bench.said(), "GET /a?b HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nx-own: 1\r\n\r\n");
  EXPECT_FALSE(bench.wire->takes_calls());
}

TEST(ClientWire, says_how_long_a_body_is_or_sends_it_in_chunks) {
  class OfUnknownLength final : public BodySource {
   public:
    BodyRead read(std::span<std::byte> into) override { return body_.read(into); }

   private:
    FakeBody body_{"hello"};
  };
  {
    ClientBench bench;
    TestCall test("POST");
    FakeBody body("hello");
    test.call.request.body = &body;
    bench.wire->start(test.call);
    EXPECT_THAT(bench.said(), EndsWith("Content-Length: 5\r\n\r\nhello"));
  }
  {
    ClientBench bench;
    TestCall test("POST");
    OfUnknownLength body;
    test.call.request.body = &body;
    bench.wire->start(test.call);
    EXPECT_THAT(bench.said(), EndsWith("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_EQ(test.call.request_body_bytes, 5U);
  }
  {
    ClientBench bench;
    TestCall test("POST");
    test.call.request.body_expected = true;
    bench.wire->start(test.call);
    EXPECT_THAT(bench.said(), EndsWith("Content-Length: 0\r\n\r\n"));
  }
}

TEST(ClientWire, takes_call_after_call) {
  ClientBench bench;
  for (int i = 1; i <= 3; ++i) {
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    bench.answer(kThree);
    EXPECT_EQ(test.call.response.status, 200);
    EXPECT_EQ(test.read(), "abc");
    EXPECT_EQ(test.last, State::kEnd);
    EXPECT_EQ(bench.ended, i);
    EXPECT_TRUE(bench.wire->takes_calls());
  }
}

TEST(ClientWire, reads_the_same_however_a_response_is_cut) {
  const std::string whole =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
  for (std::size_t step = 1; step < whole.size(); ++step) {
    ClientBench bench;
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    for (std::size_t at = 0; at < whole.size(); at += step) bench.answer(std::string_view(whole).substr(at, step));
    EXPECT_EQ(test.read(), "abcde") << step;
    EXPECT_EQ(test.last, State::kEnd);
    EXPECT_THAT(test.interim, ElementsAre(103));
    ASSERT_NE(test.call.body().trailers(), nullptr);
    EXPECT_EQ(test.call.body().trailers()->find("x-sum")->value, "1");
    EXPECT_TRUE(bench.wire->takes_calls());
  }
}

TEST(ClientWire, ends_a_connection_on_which_something_comes_unasked) {
  ClientBench bench;
  bench.answer("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_FALSE(bench.wire->takes_calls());
}

TEST(ClientWire, does_not_take_what_follows_a_response_for_the_next) {
  ClientBench bench;
  TestCall test;
  bench.wire->start(test.call);
  bench.said();
  bench.answer(std::string(kThree) + "x");
  EXPECT_EQ(test.read(), "abc");
  EXPECT_EQ(test.last, State::kEnd);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(ClientWire, stops_reading_while_nobody_takes_the_body) {
  ClientBench bench;
  TestCall test;
  bench.wire->start(test.call);
  bench.said();
  bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(CallBody::kBufferedBytesMax, 'x'));
  EXPECT_FALSE(bench.wire->wants_read());
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "it is not the server who is slow";
  test.read(10'000);
  EXPECT_TRUE(bench.wire->wants_read());
}

TEST(ClientWire, tells_a_response_cut_short_from_one_that_never_began) {
  {
    ClientBench bench;
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    bench.wire->receive_end();
    ASSERT_TRUE(test.failure);
    EXPECT_EQ(test.failure->fault, CallFault::kConnectionTerminated);
    EXPECT_EQ(test.failure->delivered, Delivered::kMaybe);
  }
  {
    ClientBench bench;
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    bench.wire->receive_end();
    EXPECT_EQ(test.read(), "ab");
    EXPECT_EQ(test.last, State::kFailed);
    EXPECT_EQ(test.call.failure()->fault, CallFault::kResponseIncomplete);
  }
  {
    ClientBench bench;
    TestCall test;
    bench.wire->start(test.call);
    bench.wire->abandon();
    EXPECT_EQ(test.failure->delivered, Delivered::kNothing) << "nothing of it was sent";
  }
}

TEST(ClientWire, reads_until_the_end_of_the_connection_where_nothing_else_is_said) {
  ClientBench bench;
  TestCall test;
  bench.wire->start(test.call);
  bench.said();
  bench.answer("HTTP/1.0 200 OK\r\n\r\nabc");
  EXPECT_EQ(test.read(), "abc");
  EXPECT_EQ(test.last, State::kWait);
  bench.wire->receive_end();
  EXPECT_EQ(test.wakes, 1);
  test.read();
  EXPECT_EQ(test.last, State::kEnd);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(ClientWire, waits_for_each_phase_as_long_as_it_is_said) {
  const auto fault_after = [](std::string_view said, std::chrono::milliseconds time) {
    ClientBench bench;
    bench.limits.header_timeout = 1s;
    bench.limits.stall_timeout = 5s;
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    bench.answer(said);
    bench.pass(time);
    test.read();
    return test.call.failure() ? to_string(test.call.failure()->fault) : "none";
  };
  EXPECT_EQ(fault_after("", 900ms), "none");
  EXPECT_EQ(fault_after("", 1s), "http_response_timeout");
  EXPECT_EQ(fault_after("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", 4900ms), "none");
  EXPECT_EQ(fault_after("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", 5s), "http_response_timeout");
}

TEST(ClientWire, ends_idle_connections_in_time) {
  ClientBench bench;
  bench.pass(bench.limits.idle_timeout - 1ms);
  EXPECT_FALSE(bench.wire->finished());
  bench.pass(1ms);
  EXPECT_TRUE(bench.wire->finished());
}

TEST(ClientWire, forgets_a_call_that_is_cancelled) {
  ClientBench bench;
  {
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
  }
  EXPECT_TRUE(bench.wire->finished()) << "its response would be taken for the next";
  bench.answer(kThree);
  EXPECT_EQ(bench.ended, 1);
}

TEST(ClientWire, makes_a_tunnel_only_of_what_was_asked_for) {
  constexpr std::string_view kSwitch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\nhi";
  {
    ClientBench bench;
    TestCall test;
    bench.wire->start(test.call);
    bench.said();
    bench.answer(kSwitch);
    EXPECT_EQ(test.failure->fault, CallFault::kProtocolError);
  }
  ClientBench bench;
  TestCall test;
  test.call.request.upgrade = "websocket";
  bench.wire->start(test.call);
  EXPECT_THAT(bench.said(), EndsWith("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
  bench.answer(kSwitch);
  EXPECT_EQ(test.call.response.status, 101);
  EXPECT_EQ(test.read(), "hi");
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "a tunnel may be silent";
}

TEST(ClientWire, goes_on_after_a_switch_that_was_declined) {
  ClientBench bench;
  TestCall test;
  test.call.request.upgrade = "websocket";
  bench.wire->start(test.call);
  bench.said();
  bench.answer(kThree);
  EXPECT_EQ(test.read(), "abc");
  EXPECT_TRUE(bench.wire->takes_calls());
}

TEST(ClientWire, drains_after_the_call_at_hand) {
  ClientBench bench;
  TestCall test;
  bench.wire->start(test.call);
  bench.said();
  bench.wire->drain();
  bench.answer(kThree);
  EXPECT_EQ(test.read(), "abc");
  EXPECT_TRUE(bench.wire->finished());
}

}  // namespace
}  // namespace gate::http::h1
