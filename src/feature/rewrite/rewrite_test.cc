#include "feature/rewrite/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/rewrite/rewrite_config.h"
#include "http/config/conf_text_for_test.h"
#include "http/request_rules.h"

namespace gate::rewrite {
namespace {

using http::Flow;
using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kRewrite>()};

// The request as the statements behind see it: "path | raw path | query".
std::string rewritten(const std::string& text, std::string_view target) {
  SiteText site(text, kTable);
  EXPECT_EQ(site.report(), "");
  if (!site.report().empty()) return "";
  FakeExchange fake;
  auto& request = fake.request();
  EXPECT_FALSE(http::set_target(request, target, fake.exchange().arena()).has_value());
  EXPECT_EQ(site.run(fake), Flow::kNext);
  EXPECT_EQ(request.target, target);
  std::string seen = std::string(request.path) + " | " + std::string(request.raw_path);
  return request.has_query ? seen + " | " + std::string(request.query) : seen;
}

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

TEST(Rewrite, replaces_the_path_and_keeps_the_query) {
  EXPECT_EQ(rewritten("rewrite /old /new", "/old?a=1"), "/new | /new | a=1");
  EXPECT_EQ(rewritten("rewrite /old /new", "/older"), "/older | /older");
  EXPECT_EQ(rewritten("rewrite /index.html", "/any/thing"), "/index.html | /index.html");
}

TEST(Rewrite, replaces_the_query_where_it_says_one) {
  EXPECT_EQ(rewritten("rewrite /index.php?p={path}&{query}", "/a&b?c=d"), "/index.php | /index.php | p=/a%26b&c=d");
  EXPECT_EQ(rewritten("rewrite /new?", "/a?c=d"), "/new | /new | ");
  EXPECT_EQ(rewritten("rewrite {uri}", "/a?c=d"), "/a | /a | c=d");
}

TEST(Rewrite, decodes_and_normalises_the_new_path_once) {
  EXPECT_EQ(rewritten("rewrite /a%20b/../c%2Fd", "/"), "/c%2Fd | /a%20b/../c%2Fd");
  EXPECT_EQ(rewritten("rewrite /new{path}", "/%61%20b"), "/new/a b | /new/%61%20b");
}

TEST(Rewrite, strips_a_prefix_at_the_end_of_a_segment) {
  EXPECT_EQ(rewritten("rewrite strip-prefix /api", "/api/users?x"), "/users | /users | x");
  EXPECT_EQ(rewritten("rewrite strip-prefix /api/", "/api/users"), "/users | /users");
  EXPECT_EQ(rewritten("rewrite strip-prefix /api", "/api"), "/ | /");
  EXPECT_EQ(rewritten("rewrite strip-prefix /api", "/apis"), "/apis | /apis");
  EXPECT_EQ(rewritten("rewrite strip-prefix /api", "/%61pi/a%20b%2Fc"), "/a b%2Fc | /a%20b%2Fc");
  EXPECT_EQ(rewritten("rewrite /api/v1/* strip-prefix /api", "/api/v2/x"), "/api/v2/x | /api/v2/x");
}

TEST(Rewrite, adds_a_prefix) {
  EXPECT_EQ(rewritten("rewrite add-prefix /v2", "/users?x"), "/v2/users | /v2/users | x");
  EXPECT_EQ(rewritten("rewrite /u/* add-prefix /v2/", "/u/a%20b"), "/v2/u/a b | /v2/u/a%20b");
}

TEST(Rewrite, works_in_steps) {
  EXPECT_EQ(rewritten("rewrite strip-prefix /a\nrewrite add-prefix /b\nrewrite /b/x /c", "/a/x"), "/c | /c");
}

TEST(Rewrite, leaves_a_target_without_a_path_alone) {
  SiteText site("rewrite /new", kTable);
  FakeExchange fake({.method = "OPTIONS", .target = "*"});
  EXPECT_EQ(site.run(fake), Flow::kNext);
  EXPECT_EQ(fake.request().path, "*");
}

TEST(Rewrite, refuses_a_request_whose_new_path_is_none) {
  SiteText site("rewrite {path}/../../x", kTable);
  FakeExchange fake({.target = "/a"});
  EXPECT_EQ(site.run(fake), Flow::kTaken);
  EXPECT_EQ(fake.status(), 400);
  EXPECT_EQ(fake.responses(), 1);
}

TEST(Rewrite, refuses_what_is_no_path) {
  EXPECT_THAT(report_of("rewrite new"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite //new"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite https://example.org/"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite /a#b"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite /{pth}"), HasSubstr("did you mean {path}?"));
  EXPECT_THAT(report_of("rewrite strip-prefix api"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite strip-prefix /"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite strip-prefix /a/*"), HasSubstr("G0185"));
  EXPECT_THAT(report_of("rewrite add-prefix \"/a b\""), HasSubstr("percent-encoded"));
  EXPECT_THAT(report_of("rewrite strip-prefx /a"), HasSubstr("did you mean \"strip-prefix\"?"));
}

}  // namespace
}  // namespace gate::rewrite
