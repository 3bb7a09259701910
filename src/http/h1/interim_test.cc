// Interim responses: RFC 9110 15.2.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/h1/harness_for_test.h"

namespace gate::http::h1 {
namespace {

using testing::Bench;
using testing::statuses;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

void hint(Exchange& exchange, std::uint16_t status = 103) {
  FieldList fields(exchange.arena());
  fields.add("link", "</style.css>; rel=preload");
  fields.add("connection", "close");
  exchange.inform(status, fields);
}

TEST(H1Interim, responses_are_sent_at_once_and_in_order) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) {
    waiting = &exchange;
    hint(exchange, 102);
    hint(exchange);
  };
  bench.send(kGet);
  EXPECT_EQ(bench.take_output(),
            "HTTP/1.1 102 Processing\r\nLink: </style.css>; rel=preload\r\n\r\n"
            "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
  const std::size_t wakes = bench.wakes;
  hint(*waiting, 104);
  EXPECT_GT(bench.wakes, wakes);
  waiting->respond();
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), (std::vector{104, 200}));
  bench.handle = [](Exchange& exchange) { exchange.respond(); };
  bench.send(kGet);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Interim, responses_are_not_for_old_clients) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    hint(exchange);
    exchange.respond();
  };
  bench.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Interim, response_100_is_for_a_client_that_waits_for_it) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(bench.take_output(), "");
  hint(*waiting, 100);
  hint(*waiting, 100);
  bench.produce();
  EXPECT_EQ(bench.take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  bench.send("ab");
  hint(*waiting, 100);
  waiting->respond();
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

TEST(H1Interim, response_100_is_not_for_others) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    hint(exchange, 100);
    exchange.respond();
  };
  bench.send(kGet);
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
}

}  // namespace
}  // namespace gate::http::h1
