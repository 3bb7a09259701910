// Interim responses: RFC 9110 15.2.

#include <gtest/gtest.h>

#include "http/h3/wire_for_test.h"

namespace gate::http::h3 {
namespace {

using testing::data_frame;
using testing::WireTest;

TEST(H3Interim, responses_come_before_the_final_one) {
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
  test.talk(0, testing::get(), true);
  const auto frames = test.frames(0);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].line(":status"), "103");
  EXPECT_EQ(frames[0].line("link"), "</style.css>; rel=preload");
  EXPECT_EQ(frames[0].line("connection"), "");
  EXPECT_EQ(frames[1].line(":status"), "200");
}

TEST(H3Interim, response_100_is_sent_once_to_a_client_that_waits_for_it) {
  WireTest test;
  Exchange* waiting = nullptr;
  test.service = [&](Exchange& exchange) { waiting = &exchange; };
  test.open();
  test.talk(0, testing::post({{"expect", "100-continue"}}));
  EXPECT_TRUE(test.frames(0).empty());
  const FieldList none(waiting->arena());
  waiting->inform(100, none);
  waiting->inform(100, none);
  test.receive();
  ASSERT_EQ(test.frames(0).size(), 1U);
  EXPECT_EQ(test.frames(0)[0].line(":status"), "100");
  test.talk(0, data_frame("x"));
  waiting->inform(100, none);
  test.receive();
  EXPECT_EQ(test.frames(0).size(), 1U);
}

}  // namespace
}  // namespace gate::http::h3
