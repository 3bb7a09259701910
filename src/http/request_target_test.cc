#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/arena.h"
#include "http/request_rules.h"

namespace gate::http {
namespace {

class TargetTest : public testing::Test {
 protected:
  bool accepts(std::string_view target, Method method = Method::kGet) {
    request = Request(arena_);
    request.method = method;
    return !set_target(request, target, arena_).has_value();
  }
  bool accepts_authority(std::string_view authority) {
    request = Request(arena_);
    const auto fault = set_authority(request, authority, arena_);
    if (fault) {
      EXPECT_EQ(*fault, RequestFault::kBadHost);
    }
    return !fault.has_value();
  }

 private:
  base::BlockPool blocks_;
  base::Arena arena_{blocks_};

 protected:
  Request request{arena_};
};

TEST_F(TargetTest, splits_path_and_query) {
  ASSERT_TRUE(accepts("/a/b?c=d?e"));
  EXPECT_EQ(request.target, "/a/b?c=d?e");
  EXPECT_EQ(request.raw_path, "/a/b");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_TRUE(request.has_query);
  EXPECT_EQ(request.query, "c=d?e");
}

TEST_F(TargetTest, tells_an_empty_query_from_none) {
  ASSERT_TRUE(accepts("/a?"));
  EXPECT_TRUE(request.has_query);
  EXPECT_EQ(request.query, "");
  ASSERT_TRUE(accepts("/a"));
  EXPECT_FALSE(request.has_query);
}

TEST_F(TargetTest, decodes_and_removes_dot_segments) {
  const struct {
    std::string_view raw, path;
  } kCases[] = {
      {"/", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"//", "//"},
      {"//a//b", "//a//b"},
      {"/%61%62", "/ab"},
      {"/%E4%B8%AD", "/\xe4\xb8\xad"},
      {"/a%20b+c", "/a b+c"},
      {"/%0d%0a", "/\r\n"},
      {"/%25", "/%"},
      {"/%2541", "/%41"},
      {"/a%2Fb", "/a%2Fb"},
      {"/a%2fb", "/a%2fb"},
      {"/a%2F..%2Fb", "/a%2F..%2Fb"},
      {"/.", "/"},
      {"/./", "/"},
      {"/a/.", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/../b", "/b"},
      {"/a/b/../../c", "/c"},
      {"/a/b/..", "/a/"},
      {"/a//..", "/a/"},
      {"/a//../b", "/a/b"},
      {"/%2e/a", "/a"},
      {"/a/%2E%2e/b", "/b"},
      {"/a/.%2e/b", "/b"},
      {"/...", "/..."},
      {"/..a", "/..a"},
      {"/.a/b", "/.a/b"},
      {"/a/.../b", "/a/.../b"},
      {"/%5C", "/\\"},
      {"/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"},
      {"/a|b^c{d}\"<>`", "/a|b^c{d}\"<>`"},
  };
  for (const auto& each : kCases) {
    ASSERT_TRUE(accepts(each.raw)) << each.raw;
    EXPECT_EQ(request.path, each.path) << each.raw;
    EXPECT_EQ(request.raw_path, each.raw);
    EXPECT_EQ(request.target, each.raw);
  }
}

TEST_F(TargetTest, refuses_what_is_no_target) {
  using namespace std::string_view_literals;
  const std::string_view kCases[] = {
      "",         "a",          "a/b",     "?a",      ".",      "..",     "example.com:443",
      ":",        "/a b",       "/a\tb",   "/a\x7f",  "/a\x80", "/a\x01", "/a\0b"sv,
      "/a#b",     "#",          "/%",      "/%4",     "/%4g",   "/%g4",   "/% 4",
      "/%+4",     "/%-4",       "/%00",    "/a%00b",  "/..",    "/../",   "/../a",
      "/a/../..", "/a/../../b", "/%2e%2e", "/.%2e/a", "/./..",  "/a\\b",  "/\\",
      "**",       "/?a#b",
  };
  for (const auto target : kCases) EXPECT_FALSE(accepts(target)) << target;
}

TEST_F(TargetTest, takes_a_backslash_in_the_query_alone) {
  EXPECT_TRUE(accepts("/a?b\\c"));
  EXPECT_FALSE(accepts("/a\\b?c"));
}

TEST_F(TargetTest, does_not_decode_the_query) {
  ASSERT_TRUE(accepts("/?a=%00%zz/../%"));
  EXPECT_EQ(request.query, "a=%00%zz/../%");
  EXPECT_EQ(request.path, "/");
}

TEST_F(TargetTest, takes_the_asterisk_for_options_alone) {
  ASSERT_TRUE(accepts("*", Method::kOptions));
  EXPECT_EQ(request.target, "*");
  EXPECT_EQ(request.path, "*");
  EXPECT_EQ(request.raw_path, "*");
  EXPECT_FALSE(accepts("*", Method::kGet));
}

TEST_F(TargetTest, takes_the_host_of_an_absolute_target) {
  ASSERT_TRUE(accepts("http://Example.COM:8080/a%20b?c"));
  EXPECT_EQ(request.authority, "Example.COM:8080");
  EXPECT_EQ(request.host, "example.com");
  EXPECT_EQ(request.target, "/a%20b?c");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.query, "c");
  EXPECT_TRUE(accepts("HTTPS://example.com/"));
}

TEST_F(TargetTest, roots_an_absolute_target_without_a_path) {
  ASSERT_TRUE(accepts("http://example.com"));
  EXPECT_EQ(request.target, "/");
  ASSERT_TRUE(accepts("http://example.com?a=b"));
  EXPECT_EQ(request.target, "/?a=b");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "a=b");
}

TEST_F(TargetTest, reads_options_of_a_whole_server_as_the_asterisk) {
  ASSERT_TRUE(accepts("http://example.com", Method::kOptions));
  EXPECT_EQ(request.target, "*");
  ASSERT_TRUE(accepts("http://example.com/", Method::kOptions));
  EXPECT_EQ(request.target, "/");
  ASSERT_TRUE(accepts("http://example.com?", Method::kOptions));
  EXPECT_EQ(request.target, "/?");
}

TEST_F(TargetTest, refuses_other_absolute_targets) {
  for (const std::string_view target :
       {"ftp://example.com/", "http:", "http:/a", "http:example.com", "http://", "http:///a", "http://?a",
        "http://user@example.com/", "http://user:secret@example.com/", "http://example.com:port/",
        "http://example.com:65536/", "http://[::1/", "javascript:alert(1)", "http//example.com", "http://exa mple.com/",
        "http://example.com/..", "http://example.com#a", "http://example.com\\a"}) {
    EXPECT_FALSE(accepts(target)) << target;
  }
}

TEST_F(TargetTest, reads_authorities) {
  const struct {
    std::string_view authority, host;
  } kCases[] = {
      {"example.com", "example.com"},
      {"EXAMPLE.com", "example.com"},
      {"example.com.", "example.com"},
      {"example.com:", "example.com"},
      {"example.com:443", "example.com"},
      {"example.com.:443", "example.com"},
      {"example.com:0", "example.com"},
      {"example.com:65535", "example.com"},
      {"localhost", "localhost"},
      {"a_b.example", "a_b.example"},
      {"192.0.2.1", "192.0.2.1"},
      {"192.0.2.1:80", "192.0.2.1"},
      {"[2001:DB8::1]", "2001:db8::1"},
      {"[::1]:443", "::1"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"a%41.example", "a%41.example"},
      {"-._~!$&'()*+,;=", "-._~!$&'()*+,;="},
  };
  for (const auto& each : kCases) {
    ASSERT_TRUE(accepts_authority(each.authority)) << each.authority;
    EXPECT_EQ(request.host, each.host) << each.authority;
    EXPECT_EQ(request.authority, each.authority);
  }
}

TEST_F(TargetTest, refuses_what_is_no_authority) {
  using namespace std::string_view_literals;
  for (const std::string_view authority : {""sv,
                                           "."sv,
                                           ":80"sv,
                                           ".:80"sv,
                                           "a b"sv,
                                           "a/b"sv,
                                           "a?b"sv,
                                           "a#b"sv,
                                           "a@b"sv,
                                           "user@example.com"sv,
                                           "a\\b"sv,
                                           "a\tb"sv,
                                           "a\0b"sv,
                                           "\xc3\xa9.example"sv,
                                           "a:b"sv,
                                           "a:-1"sv,
                                           "a:+1"sv,
                                           "a: 1"sv,
                                           "a:65536"sv,
                                           "a:80:80"sv,
                                           "a:0x50"sv,
                                           "::1"sv,
                                           "[::1"sv,
                                           "[::1]a"sv,
                                           "[::1]:"
                                           "x"sv,
                                           "[]"sv,
                                           "[192.0.2.1]"sv,
                                           "[v1.a]"sv,
                                           "[fe80::1%25eth0]"sv,
                                           "[::g]"sv,
                                           "a]"sv,
                                           "a%4"sv,
                                           "a%"sv,
                                           "a%zz"sv,
                                           "\"a\""sv,
                                           "<a>"sv,
                                           "a|b"sv,
                                           "a^b"sv,
                                           "a`b"sv,
                                           "a{b}"sv}) {
    EXPECT_FALSE(accepts_authority(authority)) << authority;
  }
}

TEST_F(TargetTest, bounds_the_host_as_the_dns_does) {
  EXPECT_TRUE(accepts_authority(std::string(255, 'a')));
  EXPECT_FALSE(accepts_authority(std::string(256, 'a')));
}

TEST_F(TargetTest, leaves_the_request_alone_when_the_authority_is_refused) {
  ASSERT_TRUE(accepts_authority("example.com"));
  base::BlockPool blocks;
  base::Arena arena(blocks);
  ASSERT_TRUE(set_authority(request, "a b", arena).has_value());
  EXPECT_EQ(request.authority, "example.com");
  EXPECT_EQ(request.host, "example.com");
}

}  // namespace
}  // namespace gate::http
