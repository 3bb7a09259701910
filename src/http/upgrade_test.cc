#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <string_view>

#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

using testing::FakeExchange;

FakeExchange& with(FakeExchange& fake, std::string_view connection, std::string_view upgrade) {
  fake.add("connection", connection);
  fake.add("upgrade", upgrade);
  return fake;
}

std::string_view wish(FakeExchange& fake) { return upgrade_of(fake.request()); }

TEST(UpgradeOf, names_the_protocol_in_lower_case) {
  FakeExchange plain;
  EXPECT_EQ(wish(with(plain, "Upgrade", "websocket")), "websocket");
  FakeExchange shouted;
  EXPECT_EQ(wish(with(shouted, "keep-alive , UPGRADE", "WebSocket")), "websocket");
  FakeExchange versioned;
  EXPECT_EQ(wish(with(versioned, "upgrade", "IRC/6.9")), "irc/6.9");
  EXPECT_TRUE(asks_for_upgrade(plain.request()));
}

TEST(UpgradeOf, finds_options_in_any_line) {
  FakeExchange fake;
  fake.add("connection", "keep-alive");
  EXPECT_EQ(wish(with(fake, "upgrade", "websocket")), "websocket");
}

TEST(UpgradeOf, is_empty_without_the_connection_option) {
  FakeExchange without;
  without.add("upgrade", "websocket");
  EXPECT_EQ(wish(without), "");
  FakeExchange other;
  EXPECT_EQ(wish(with(other, "keep-alive, upgraded", "websocket")), "");
}

TEST(UpgradeOf, is_empty_unless_there_is_exactly_one_protocol) {
  for (const std::string_view value : {"", ",", "websocket, h2c", "websocket,", "web socket", "a/b/c", "/1", "a/"}) {
    FakeExchange fake;
    EXPECT_EQ(wish(with(fake, "upgrade", value)), "") << value;
  }
  FakeExchange twice;
  twice.add("upgrade", "h2c");
  EXPECT_EQ(wish(with(twice, "upgrade", "websocket")), "");
}

TEST(UpgradeOf, is_empty_for_other_versions_and_with_a_body) {
  for (const Version version : {Version::kHttp10, Version::kHttp2, Version::kHttp3}) {
    FakeExchange fake;
    fake.request().version = version;
    EXPECT_EQ(wish(with(fake, "upgrade", "websocket")), "");
  }
  FakeExchange posting({.method = "POST", .body = "hello"});
  EXPECT_EQ(wish(with(posting, "upgrade", "websocket")), "");
}

}  // namespace
}  // namespace gate::http
