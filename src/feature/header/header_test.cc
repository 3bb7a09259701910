#include "feature/header/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "feature/header/codes.h"
#include "feature/header/header_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::header {
namespace {

using http::FieldId;
using http::Flow;
using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kHeader>()};

class HeaderTest : public ::testing::Test {
 protected:
  // Runs the statements, then answers. They live as long as the test: responses point into them.
  void answer(const std::string& text, FakeExchange& fake) {
    SiteText& site = sites_.emplace_back(text, kTable);
    ASSERT_EQ(site.report(), "");
    EXPECT_EQ(site.run(fake), Flow::kNext);
    fake.exchange().respond();
  }

 private:
  std::deque<SiteText> sites_;
};

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

TEST_F(HeaderTest, sets_a_field_over_what_the_service_said) {
  FakeExchange fake;
  fake.response().fields.add(FieldId::kCacheControl, "a");
  fake.response().fields.add(FieldId::kCacheControl, "b");
  answer("header set Cache-Control \"max-age=60, public\"", fake);
  EXPECT_EQ(fake.field("cache-control"), "max-age=60, public");
  EXPECT_EQ(fake.count("cache-control"), 1);
}

TEST_F(HeaderTest, adds_a_line_beside_others) {
  FakeExchange fake;
  fake.response().fields.add(FieldId::kLink, "</a>");
  answer("header add Link </b>", fake);
  EXPECT_EQ(fake.count("link"), 2);
  EXPECT_EQ(fake.field("link"), "</a>");
}

TEST_F(HeaderTest, removes_every_line) {
  FakeExchange fake;
  fake.response().fields.add("x-powered-by", "a");
  fake.response().fields.add("x-powered-by", "b");
  fake.response().fields.add(FieldId::kServer, "c");
  answer("header remove X-Powered-By\nheader remove server", fake);
  EXPECT_TRUE(fake.response().fields.empty());
}

TEST_F(HeaderTest, changes_in_the_order_written) {
  FakeExchange fake;
  answer("header set X-A 1\nheader remove X-A\nheader add X-A 2\nheader add X-A 3", fake);
  EXPECT_EQ(fake.count("x-a"), 2);
  EXPECT_EQ(fake.field("x-a"), "2");
}

TEST_F(HeaderTest, changes_only_what_its_pattern_matches) {
  FakeExchange fake({.target = "/static/a.css"});
  answer("header /static/* set X-A 1\nheader /other/* set X-B 1", fake);
  EXPECT_EQ(fake.field("x-a"), "1");
  EXPECT_EQ(fake.count("x-b"), 0);
}

TEST_F(HeaderTest, changes_error_pages_too) {
  SiteText site("header set X-A 1", kTable);
  FakeExchange fake;
  site.run(fake);
  fake.exchange().refuse({.status = 404, .code = {}, .reason = {}});
  EXPECT_EQ(fake.field("x-a"), "1");
}

TEST_F(HeaderTest, changes_requests_for_the_statements_behind) {
  FakeExchange fake;
  fake.add("accept-encoding", "gzip");
  fake.add("x-a", "client's");
  answer("header request remove Accept-Encoding\nheader request set X-A {client}\nheader /* request add X-B b", fake);
  EXPECT_EQ(fake.request().fields.find(FieldId::kAcceptEncoding), nullptr);
  EXPECT_EQ(fake.request().fields.find("x-a")->value, "192.0.2.1");
  EXPECT_EQ(fake.request().fields.find("x-b")->value, "b");
  EXPECT_TRUE(fake.response().fields.empty());
}

TEST_F(HeaderTest, never_lets_a_request_write_a_line) {
  FakeExchange fake;
  fake.request().raw_path = "/a\r\nset-cookie: x";
  answer("header set X-Path {path}", fake);
  EXPECT_EQ(fake.field("x-path"), "/a%0D%0Aset-cookie:%20x");
}

TEST_F(HeaderTest, refuses_fields_that_frame_or_route_a_message) {
  for (const std::string name : {"Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "Upgrade", "TE",
                                 "Trailer", "Date", "Proxy-Connection"}) {
    EXPECT_THAT(report_of("header set " + name + " x"), HasSubstr("G0183")) << name;
    EXPECT_THAT(report_of("header request remove " + name), HasSubstr("G0183")) << name;
  }
  EXPECT_THAT(report_of("header request set Host example.org"), HasSubstr("Host chose this site"));
}

TEST_F(HeaderTest, refuses_names_and_values_that_are_none) {
  EXPECT_THAT(report_of("header set \"X A\" b"), HasSubstr("G0183"));
  EXPECT_THAT(report_of("header set X-A: b"), HasSubstr("G0183"));
  EXPECT_THAT(report_of("header set X-A \"a\\r\\nb: c\""), HasSubstr("G0183"));
  EXPECT_THAT(report_of("header set X-A \" a\""), HasSubstr("G0183"));
  EXPECT_THAT(report_of("header set X-A {cleint}"), HasSubstr("did you mean {client}?"));
}

TEST_F(HeaderTest, counts_its_arguments) {
  EXPECT_THAT(report_of("header set X-A"), HasSubstr("usage: header"));
  EXPECT_THAT(report_of("header remove X-A b"), HasSubstr("no value"));
  EXPECT_THAT(report_of("header set X-A b c"), HasSubstr("quotes"));
  EXPECT_THAT(report_of("header delete X-A"), HasSubstr("G0160"));
  EXPECT_THAT(report_of("header request set"), HasSubstr("usage: header"));
}

}  // namespace
}  // namespace gate::header
