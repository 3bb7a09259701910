// Interim responses: RFC 9110 15.2.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/h2/wire_for_test.h"

namespace gate::http::h2 {
namespace {

using testing::RawClient;
using testing::WireTest;

TEST(H2Interim, responses_come_before_the_final_one) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    FieldList fields(exchange.arena());
    fields.add("link", "</style.css>; rel=preload");
    fields.add("connection", "close");
    exchange.inform(103, fields);
    exchange.inform(100, fields);
    exchange.respond();
  };
  test.open();
  test.talk(test.client.get(1));
  std::vector<std::string> heads;
  for (const auto& frame : test.frames) {
    if (frame.header.type == FrameType::kHeaders) heads.emplace_back(frame.line(":status"));
  }
  EXPECT_EQ(heads, (std::vector<std::string>{"103", "200"}));
  const auto* hint = test.find(FrameType::kHeaders, 1);
  EXPECT_EQ(hint->line("link"), "</style.css>; rel=preload");
  EXPECT_EQ(hint->line("connection"), "");
  EXPECT_FALSE(hint->ends_stream());
}

TEST(H2Interim, response_100_is_sent_once_to_a_client_that_waits_for_it) {
  WireTest test;
  Exchange* waiting = nullptr;
  test.service = [&](Exchange& exchange) { waiting = &exchange; };
  test.open();
  test.talk(test.client.post(1, {{"expect", "100-continue"}}));
  EXPECT_EQ(test.count(FrameType::kHeaders), 0U);
  const FieldList none(waiting->arena());
  waiting->inform(100, none);
  waiting->inform(100, none);
  test.receive();
  EXPECT_EQ(test.status_of(1), "100");
  EXPECT_EQ(test.count(FrameType::kHeaders), 1U);
  test.talk(RawClient::data(1, "x"));
  waiting->inform(100, none);
  test.receive();
  EXPECT_EQ(test.count(FrameType::kHeaders), 1U);
}

}  // namespace
}  // namespace gate::http::h2
