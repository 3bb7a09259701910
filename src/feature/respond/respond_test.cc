#include "feature/respond/respond.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/respond/codes.h"
#include "feature/respond/respond_config.h"
#include "http/config/conf_text_for_test.h"
#include "http/error_pages.h"

namespace gate::respond {
namespace {

using http::Flow;
using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kRespond>()};

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

TEST(Respond, answers_with_status_and_text) {
  SiteText site("respond /health 200 ok", kTable);
  ASSERT_EQ(site.report(), "");
  FakeExchange fake({.target = "/health"});
  EXPECT_EQ(site.run(fake), Flow::kTaken);
  EXPECT_EQ(fake.status(), 200);
  EXPECT_EQ(fake.field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(fake.read_body(), "ok");
  EXPECT_EQ(fake.responses(), 1);
}

TEST(Respond, lets_other_paths_pass) {
  SiteText site("respond /health 200 ok", kTable);
  FakeExchange fake({.target = "/"});
  EXPECT_EQ(site.run(fake), Flow::kNext);
  EXPECT_EQ(fake.responses(), 0);
}

TEST(Respond, gives_the_text_the_type_it_says) {
  SiteText site("respond 200 \"{}\" {\n  type application/json\n}", kTable);
  ASSERT_EQ(site.report(), "");
  FakeExchange fake;
  site.run(fake);
  EXPECT_EQ(fake.field("content-type"), "application/json");
  EXPECT_EQ(fake.read_body(), "{}");
}

TEST(Respond, has_no_content_without_a_text) {
  SiteText site("respond 204", kTable);
  FakeExchange fake;
  EXPECT_EQ(site.run(fake), Flow::kTaken);
  EXPECT_EQ(fake.status(), 204);
  EXPECT_EQ(fake.response().body, nullptr);
  EXPECT_EQ(fake.count("content-type"), 0);
}

TEST(Respond, shows_the_error_page_for_an_error_without_text) {
  SiteText site("respond 403", kTable);
  const http::DefaultErrorPages pages;
  FakeExchange fake;
  fake.exchange().error_pages = &pages;
  EXPECT_EQ(site.run(fake), Flow::kTaken);
  EXPECT_EQ(fake.status(), 403);
  EXPECT_EQ(fake.exchange().refusal->code, kConfiguredRefusal);
  EXPECT_THAT(fake.read_body(), HasSubstr("Forbidden"));
}

TEST(Respond, refuses_a_text_where_no_content_may_be) {
  EXPECT_THAT(report_of("respond 204 gone"), HasSubstr("test.conf:1:13: error G0186"));
  EXPECT_THAT(report_of("respond 205 gone"), HasSubstr("G0186"));
  EXPECT_THAT(report_of("respond 304 gone"), HasSubstr("G0186"));
}

TEST(Respond, refuses_what_is_no_status_or_type) {
  EXPECT_THAT(report_of("respond 199"), HasSubstr("G0157"));
  EXPECT_THAT(report_of("respond 600"), HasSubstr("G0157"));
  EXPECT_THAT(report_of("respond ok"), HasSubstr("G0157"));
  EXPECT_THAT(report_of("respond 200 x {\n  type html\n}"), HasSubstr("is not a media type"));
  EXPECT_THAT(report_of("respond 200 x {\n  typ text/html\n}"), HasSubstr("did you mean \"type\"?"));
}

}  // namespace
}  // namespace gate::respond
