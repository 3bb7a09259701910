#include "client/url.h"

#include <gtest/gtest.h>

#include <string>

#include "client/codes.h"

namespace gate::client {
namespace {

TEST(Url, has_a_server_and_a_target) {
  const auto url = Url::parse("https://Example.com:8443/dir?a=b#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->server.to_string(), "https://example.com:8443");
  EXPECT_EQ(url->target, "/dir?a=b");
  EXPECT_EQ(url->to_string(), "https://example.com:8443/dir?a=b");
}

TEST(Url, has_the_root_as_target_where_there_is_no_path) {
  EXPECT_EQ(Url::parse("https://example.com").value().target, "/");
  EXPECT_EQ(Url::parse("https://example.com?a").value().target, "/?a");
  EXPECT_EQ(Url::parse("http://[::1]:80/").value().to_string(), "http://[::1]/");
}

TEST(Url, refuses_what_cannot_be_asked) {
  for (const std::string text : {"", "example.com", "ftp://example.com", "https://", "https:///path",
                                 "https://user@example.com/", "https://example.com/a b", "https://example.com/\r\nx",
                                 "h2c://example.com/", "https://example.com:0/", "https://a..b/"}) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, kBadUrl);
  }
  EXPECT_FALSE(Url::parse("https://example.com/" + std::string(Url::kBytesMax, 'a')));
}

// RFC 3986 5.4 with the base's path and query.
TEST(Url, resolves_references) {
  const Url base = Url::parse("http://a/b/c/d;p?q").value();
  const auto resolved = [&](std::string_view reference) { return base.resolve(reference).value().to_string(); };
  EXPECT_EQ(resolved("g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("./g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("g/"), "http://a/b/c/g/");
  EXPECT_EQ(resolved("/g"), "http://a/g");
  EXPECT_EQ(resolved("//g"), "http://g/");
  EXPECT_EQ(resolved("?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(resolved("g?y#s"), "http://a/b/c/g?y");
  EXPECT_EQ(resolved(""), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved("."), "http://a/b/c/");
  EXPECT_EQ(resolved(".."), "http://a/b/");
  EXPECT_EQ(resolved("../../../g"), "http://a/g");
  EXPECT_EQ(resolved("https://other/x"), "https://other/x");
  EXPECT_FALSE(base.resolve("javascript:alert(1)"));
  EXPECT_FALSE(base.resolve("/a b"));
}

}  // namespace
}  // namespace gate::client
