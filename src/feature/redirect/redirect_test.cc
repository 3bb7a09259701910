#include "feature/redirect/redirect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/redirect/codes.h"
#include "feature/redirect/redirect_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::redirect {
namespace {

using http::Flow;
using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kRedirect>()};

// "308 /new", or "" when the request went on.
std::string answer(const std::string& text, FakeExchange& fake) {
  SiteText site(text, kTable);
  EXPECT_EQ(site.report(), "");
  if (!site.report().empty() || site.run(fake) == Flow::kNext) return "";
  EXPECT_EQ(fake.responses(), 1);
  return std::to_string(fake.status()) + " " + std::string(fake.field("location"));
}

std::string answer(const std::string& text, const http::testing::FakeRequest& request) {
  FakeExchange fake(request);
  return answer(text, fake);
}

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

TEST(Redirect, is_permanent_and_keeps_the_method_unless_told_otherwise) {
  EXPECT_EQ(answer("redirect /old /new", {.target = "/old"}), "308 /new");
  EXPECT_EQ(answer("redirect /old /new 302", {.target = "/old"}), "302 /new");
  EXPECT_EQ(answer("redirect /old /new", {.target = "/older"}), "");
}

TEST(Redirect, tells_a_target_from_a_pattern) {
  EXPECT_EQ(answer("redirect /new", {.target = "/x"}), "308 /new");
  EXPECT_EQ(answer("redirect /new 301", {.target = "/x"}), "301 /new");
  EXPECT_EQ(answer("redirect *.php https://example.org/ 307", {.target = "/x.php"}), "307 https://example.org/");
}

TEST(Redirect, carries_parts_of_the_request_over) {
  EXPECT_EQ(answer("redirect https://www.{host}{uri}", {.target = "/a%20b?c=d"}),
            "308 https://www.example.com/a%20b?c=d");
  EXPECT_EQ(answer("redirect {scheme}://{host}:8443{path}", {.target = "/a?c=d"}), "308 https://example.com:8443/a");
  EXPECT_EQ(answer("redirect /login?next={path}", {.target = "/a&b=c"}), "308 /login?next=/a%26b%3Dc");
}

TEST(Redirect, stays_on_this_host_whatever_the_path) {
  EXPECT_EQ(answer("redirect {path}/", {.target = "//evil.example"}), "308 /evil.example/");
  EXPECT_EQ(answer("redirect {uri}", {.target = "///evil.example?x"}), "308 /evil.example?x");
  EXPECT_EQ(answer("redirect /{path}", {.target = "/evil.example"}), "308 /evil.example");
  FakeExchange backslash;
  backslash.request().raw_path = "/\\evil.example";
  EXPECT_EQ(answer("redirect {path}", backslash), "308 /%5Cevil.example");
}

TEST(Redirect, cannot_be_made_to_write_another_field) {
  FakeExchange fake;
  fake.request().raw_path = "/a\r\nset-cookie:x";
  EXPECT_EQ(answer("redirect https://example.org{path}", fake), "308 https://example.org/a%0D%0Aset-cookie:x");
}

TEST(Redirect, refuses_targets_that_a_client_could_choose) {
  EXPECT_THAT(report_of("redirect {query}"), HasSubstr("G0184"));
  EXPECT_THAT(report_of("redirect https://{query}/"), HasSubstr("only {host} may be used"));
  EXPECT_THAT(report_of("redirect https://{host}{query}"), HasSubstr("only {host} may be used"));
  EXPECT_THAT(report_of("redirect https://{client}"), HasSubstr("only {host} may be used"));
  EXPECT_EQ(report_of("redirect https://{host}?{query}"), "");
}

TEST(Redirect, refuses_targets_that_are_none) {
  EXPECT_THAT(report_of("redirect new"), HasSubstr("G0184"));
  EXPECT_THAT(report_of("redirect //example.org/"), HasSubstr("write the scheme"));
  EXPECT_THAT(report_of("redirect javascript:alert(1)"), HasSubstr("G0184"));
  EXPECT_THAT(report_of("redirect https:///a"), HasSubstr("needs a host"));
  EXPECT_THAT(report_of("redirect https://a@b/"), HasSubstr("not the host"));
  EXPECT_THAT(report_of("redirect \"/a b\""), HasSubstr("G0181"));
  EXPECT_THAT(report_of("redirect /{hots}"), HasSubstr("did you mean {host}?"));
}

TEST(Redirect, refuses_statuses_that_do_not_redirect) {
  EXPECT_THAT(report_of("redirect /new 200"), HasSubstr("test.conf:1:15: error G0160"));
  EXPECT_THAT(report_of("redirect /old /new 304"), HasSubstr("G0160"));
}

TEST(Redirect, takes_every_request_without_a_pattern) {
  EXPECT_TRUE(SiteText("redirect /new", kTable).takes_all());
  EXPECT_FALSE(SiteText("redirect /old /new", kTable).takes_all());
}

}  // namespace
}  // namespace gate::redirect
