#include "http/response_rules.h"

#include <gtest/gtest.h>

#include <string_view>

#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

using namespace std::string_view_literals;

ResponseFraming framing_of(std::uint16_t status, std::string_view method, bool has_body) {
  testing::FakeExchange fake({.method = method});
  fake.response().status = status;
  if (has_body) fake.response().body = fake.exchange().make_text_body("hello");
  return response_framing(fake.exchange());
}

TEST(ResponseFraming, declares_and_sends_a_body_of_known_length) {
  const auto framing = framing_of(200, "GET", true);
  EXPECT_TRUE(framing.sends_body);
  EXPECT_EQ(framing.content_length, 5U);
}

TEST(ResponseFraming, declares_for_head_and_sends_nothing) {
  const auto framing = framing_of(200, "HEAD", true);
  EXPECT_FALSE(framing.sends_body);
  EXPECT_EQ(framing.content_length, 5U);
}

TEST(ResponseFraming, declares_zero_without_a_body) {
  const auto framing = framing_of(200, "GET", false);
  EXPECT_FALSE(framing.sends_body);
  EXPECT_EQ(framing.content_length, 0U);
}

TEST(ResponseFraming, declares_nothing_where_no_content_can_be) {
  for (const auto status : std::initializer_list<std::uint16_t>{100, 101, 199, 204, 304}) {
    const auto framing = framing_of(status, "GET", true);
    EXPECT_FALSE(framing.sends_body) << status;
    EXPECT_EQ(framing.content_length, std::nullopt) << status;
  }
}

bool sendable_with(std::string_view name, std::string_view value, std::uint16_t status = 200) {
  testing::FakeExchange fake;
  fake.response().status = status;
  fake.response().fields.add(name, value);
  return is_sendable(fake.exchange());
}

TEST(IsSendable, refuses_values_that_would_split_the_response) {
  EXPECT_TRUE(sendable_with("location", "/a"));
  EXPECT_TRUE(sendable_with("location", ""));
  EXPECT_TRUE(sendable_with("x-a", "\x01\x7f\xff"));
  EXPECT_FALSE(sendable_with("location", "/a\r\nset-cookie: b"));
  EXPECT_FALSE(sendable_with("location", "/a\n"));
  EXPECT_FALSE(sendable_with("location", "\r"));
  EXPECT_FALSE(sendable_with("location", "a\0b"sv));
  EXPECT_FALSE(sendable_with("x-a", "\x01\n"));
}

TEST(IsSendable, refuses_names_that_are_no_tokens) {
  EXPECT_TRUE(sendable_with("x-a", "b"));
  for (const auto name : {""sv, "x a"sv, "x:"sv, "x\r\n"sv, "x\0"sv}) EXPECT_FALSE(sendable_with(name, "b")) << name;
}

TEST(IsSendable, refuses_statuses_that_end_no_exchange) {
  for (const auto status : std::initializer_list<std::uint16_t>{0, 99, 100, 199, 600, 999})
    EXPECT_FALSE(sendable_with("x-a", "b", status)) << status;
  for (const auto status : std::initializer_list<std::uint16_t>{200, 299, 404, 599})
    EXPECT_TRUE(sendable_with("x-a", "b", status)) << status;
}

bool tunnel_sendable(const testing::FakeRequest& request, std::uint16_t status, std::string_view upgrade) {
  testing::FakeExchange fake(request);
  fake.response().status = status;
  fake.response().body = fake.exchange().make_text_body("x");
  fake.response().tunnel = true;
  if (!upgrade.empty()) fake.response().fields.add(FieldId::kUpgrade, upgrade);
  return is_sendable(fake.exchange());
}

TEST(IsSendable, allows_the_tunnel_that_the_request_asks_for_and_no_other) {
  EXPECT_TRUE(tunnel_sendable({.upgrade = "websocket"}, 101, "websocket"));
  EXPECT_TRUE(tunnel_sendable({.upgrade = "websocket"}, 101, "WebSocket"));
  EXPECT_FALSE(tunnel_sendable({.upgrade = "websocket"}, 101, "h2c"));
  EXPECT_FALSE(tunnel_sendable({.upgrade = "websocket"}, 101, ""));
  EXPECT_FALSE(tunnel_sendable({.upgrade = "websocket"}, 200, "websocket"));
  EXPECT_FALSE(tunnel_sendable({}, 101, "websocket"));
  EXPECT_FALSE(tunnel_sendable({}, 101, ""));
  EXPECT_TRUE(tunnel_sendable({.protocol = "websocket"}, 200, ""));
  EXPECT_FALSE(tunnel_sendable({.protocol = "websocket"}, 101, "websocket"));
  EXPECT_FALSE(tunnel_sendable({.protocol = "websocket"}, 404, ""));
}

TEST(IsSendable, needs_something_to_send_in_a_tunnel) {
  testing::FakeExchange fake({.protocol = "websocket"});
  fake.response().tunnel = true;
  EXPECT_FALSE(is_sendable(fake.exchange()));
}

TEST(ResponseFraming, declares_no_length_of_a_tunnel) {
  testing::FakeExchange fake({.upgrade = "websocket"});
  fake.response().status = 101;
  fake.response().body = fake.exchange().make_text_body("x");
  fake.response().tunnel = true;
  EXPECT_TRUE(response_framing(fake.exchange()).sends_body);
  EXPECT_EQ(response_framing(fake.exchange()).content_length, std::nullopt);
}

TEST(ResponseRules, driver_writes_the_fields_of_the_message_and_its_connection) {
  for (const auto id : {FieldId::kContentLength, FieldId::kTransferEncoding, FieldId::kConnection, FieldId::kDate,
                        FieldId::kKeepAlive, FieldId::kUpgrade, FieldId::kProxyConnection}) {
    EXPECT_TRUE(is_written_by_driver(id));
  }
  EXPECT_FALSE(is_written_by_driver(FieldId::kServer));
  EXPECT_FALSE(is_written_by_driver(FieldId::kUnknown));
}

TEST(ResponseRules, refusal_replaces_a_response_that_is_ready) {
  testing::FakeExchange fake;
  fake.response().fields.add("x-a", "b");
  fake.response().body = fake.exchange().make_text_body("hello");
  fake.exchange().respond();
  replace_by_refusal(fake.exchange(), {400, {5006}, "bad"});
  EXPECT_EQ(fake.status(), 400);
  EXPECT_EQ(fake.response().fields.size(), 1U) << "its id; nothing of what there was";
  EXPECT_TRUE(fake.response().fields.find(FieldId::kXRequestId));
  EXPECT_EQ(fake.response().body, nullptr);
  ASSERT_NE(fake.exchange().refusal, nullptr);
  EXPECT_EQ(fake.exchange().refusal->reason, "bad");
  EXPECT_EQ(fake.responses(), 1);
}

}  // namespace
}  // namespace gate::http
