#include "feature/error_page/error_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/error_page/error_page_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::error_page {
namespace {

using http::config::ConfText;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

using Files = std::map<std::string, std::string>;

class ErrorPageTest : public ::testing::Test {
 protected:
  void read(std::string text, Files files = {}) {
    ConfText conf(std::move(text), std::move(files));
    ErrorPageDraft draft;
    conf.read<ErrorPageDraft>(kDirectives, draft);
    report_ = conf.report();
    plan_ = std::move(draft).finish();
  }

  // Refuses a request of the site; the body of what the client gets.
  std::string refuse(FakeExchange& fake, std::uint16_t status) {
    const auto service = plan_->build({.clock = clock_});
    EXPECT_EQ(fake.run(*service), http::Flow::kNext);
    fake.exchange().refuse({.status = status, .code = {}, .reason = {}});
    EXPECT_EQ(fake.status(), status);
    return fake.read_body();
  }

  FakeClock clock_;
  std::string report_;
  std::unique_ptr<const ErrorPagePlan> plan_;
};

TEST_F(ErrorPageTest, shows_the_file_of_a_status) {
  read("error 404 410 lost.html", {{"lost.html", "<p>lost</p>"}});
  ASSERT_EQ(report_, "");
  for (const std::uint16_t status : {std::uint16_t{404}, std::uint16_t{410}}) {
    FakeExchange fake;
    fake.response().fields.add(http::FieldId::kETag, "\"a\"");
    EXPECT_EQ(refuse(fake, status), "<p>lost</p>");
    EXPECT_EQ(fake.field("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(fake.field("cache-control"), "no-store");
    EXPECT_EQ(fake.count("etag"), 0);
  }
}

TEST_F(ErrorPageTest, shows_a_text) {
  read("error 503 \"Back in an hour.\"");
  FakeExchange fake;
  EXPECT_EQ(refuse(fake, 503), "Back in an hour.");
  EXPECT_EQ(fake.field("content-type"), "text/plain; charset=utf-8");
}

TEST_F(ErrorPageTest, falls_back_to_the_page_of_the_server) {
  read("error 404 \"Not here.\"");
  FakeExchange fake;
  EXPECT_THAT(refuse(fake, 403), HasSubstr("<title>403 Forbidden</title>"));
}

TEST_F(ErrorPageTest, goes_by_the_first_rule_that_covers_the_status) {
  read("error 404 \"Not here.\"\nerror 4xx \"Your mistake.\"\nerror 5xx \"Our mistake.\"");
  ASSERT_EQ(report_, "");
  FakeExchange not_found;
  FakeExchange forbidden;
  FakeExchange unavailable;
  EXPECT_EQ(refuse(not_found, 404), "Not here.");
  EXPECT_EQ(refuse(forbidden, 403), "Your mistake.");
  EXPECT_EQ(refuse(unavailable, 503), "Our mistake.");
}

TEST_F(ErrorPageTest, fills_in_what_it_knows_and_leaves_other_braces_alone) {
  read("error 4xx page.html", {{"page.html", "{status} {title} p{a{b}} {request_id}{x"}});
  FakeExchange fake;
  EXPECT_EQ(refuse(fake, 404), "404 Not Found p{a{b}} 0123456789abcdef{x");
}

TEST_F(ErrorPageTest, answers_programs_in_json_unless_the_page_is) {
  read("error 404 lost.html\nerror 403 no.json", {{"lost.html", "<p>lost"}, {"no.json", "{\"no\":true}"}});
  ASSERT_EQ(report_, "");
  FakeExchange fake;
  fake.add("accept", "application/json");
  EXPECT_THAT(refuse(fake, 404), HasSubstr("\"status\":404"));
  EXPECT_EQ(fake.field("content-type"), "application/problem+json");
  FakeExchange own;
  own.add("accept", "application/json");
  EXPECT_EQ(refuse(own, 403), "{\"no\":true}");
}

TEST_F(ErrorPageTest, is_nothing_without_statements) {
  read("");
  EXPECT_EQ(plan_, nullptr);
}

TEST_F(ErrorPageTest, explains_what_it_cannot_use) {
  read("error 404 lost.html");
  EXPECT_THAT(report_, HasSubstr("test.conf:1:11: error G0101"));
  EXPECT_THAT(report_, HasSubstr("at least two words"));
  read("error 200 \"Fine, thanks.\"");
  EXPECT_THAT(report_, HasSubstr("G0157"));
  read("error 4xx \"a b\"\nerror 404 \"c d\"");
  EXPECT_THAT(report_, HasSubstr("has an error page already"));
  read("error 404 big.html", {{"big.html", std::string((1 << 20) + 1, 'x')}});
  EXPECT_THAT(report_, HasSubstr("G0102"));
  read("error 404");
  EXPECT_THAT(report_, HasSubstr("usage: error STATUS"));
}

}  // namespace
}  // namespace gate::error_page
