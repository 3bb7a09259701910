#include "http/config/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/config/conf_text_for_test.h"
#include "http/config/route.h"

namespace gate::http::config {
namespace {

using testing::FakeExchange;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A statement that takes every request and says with which word it did.
class WordPlan final : public ServicePlan {
 public:
  WordPlan(std::string word, Flow flow) : word_(std::move(word)), flow_(flow) {}
  bool takes_all() const override { return flow_ == Flow::kTaken; }
  std::unique_ptr<Service> build(const ServiceEnvironment&) const override { return std::make_unique<Say>(*this); }

 private:
  class Say final : public Service {
   public:
    explicit Say(const WordPlan& plan) : plan_(plan) {}
    Flow handle(Exchange& exchange) override {
      exchange.response.fields.add("x-word", plan_.word_);
      return plan_.flow_;
    }

   private:
    const WordPlan& plan_;
  };

  std::string word_;
  Flow flow_;
};

std::unique_ptr<const ServicePlan> parse_take(const conf::Statement& statement, conf::Reader&) {
  return std::make_unique<WordPlan>(statement.args[0].text, Flow::kTaken);
}

std::unique_ptr<const ServicePlan> parse_pass(const conf::Statement& statement, conf::Reader&) {
  return std::make_unique<WordPlan>(statement.args[0].text, Flow::kNext);
}

constexpr StatementKind kTake{
    .name = "take", .synopsis = "take [PATTERN] WORD", .summary = "", .args = {1, 1}, .parse = parse_take};
constexpr StatementKind kPass{
    .name = "pass", .synopsis = "pass [PATTERN] WORD [WORD]", .summary = "", .args = {1, 2}, .parse = parse_pass};

constexpr conf::Directive<ChainDraft> kTable[] = {directive<kTake>(), directive<kPass>(), kRoute};

std::string word_for(SiteText& site, const testing::FakeRequest& request) {
  FakeExchange fake(request);
  if (site.run(fake) == Flow::kNext) return "";
  return std::string(fake.field("x-word"));
}

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

TEST(Statement, takes_a_leading_pattern_off) {
  SiteText site("take /a/* one\ntake *.php two\ntake three", kTable);
  ASSERT_EQ(site.report(), "");
  EXPECT_EQ(word_for(site, {.target = "/a/b"}), "one");
  EXPECT_EQ(word_for(site, {.target = "/x.php"}), "two");
  EXPECT_EQ(word_for(site, {.target = "/"}), "three");
  EXPECT_TRUE(site.takes_all());
}

TEST(Statement, takes_no_pattern_off_where_the_statement_needs_the_word_itself) {
  SiteText site("take /srv", kTable);
  ASSERT_EQ(site.report(), "");
  EXPECT_EQ(word_for(site, {.target = "/elsewhere"}), "/srv");
}

TEST(Statement, goes_by_the_first_match_in_the_order_written) {
  SiteText site("take /a/* general\ntake /a/b special", kTable);
  EXPECT_EQ(word_for(site, {.target = "/a/b"}), "general");
}

TEST(Statement, counts_arguments_without_the_pattern) {
  EXPECT_THAT(report_of("take one two"), HasSubstr("test.conf:1:10: error G0143"));
  EXPECT_THAT(report_of("take /a one two"), HasSubstr("error G0143"));
  EXPECT_EQ(report_of("pass /a one two"), "");
  EXPECT_THAT(report_of("pass one two three"), HasSubstr("usage: pass [PATTERN] WORD [WORD]"));
}

TEST(Statement, refuses_a_pattern_that_never_matches) {
  EXPECT_THAT(report_of("take /a?b=1 one"), StartsWith("test.conf:1:6: error G0180: \"/a?b=1\" matches no request"));
}

TEST(Statement, refuses_what_stands_behind_a_statement_that_takes_everything) {
  const std::string report = report_of("pass zero\ntake one\n\npass two\n");
  EXPECT_THAT(report, StartsWith("test.conf:4:1: error G0182: \"pass\" is never reached"));
  EXPECT_THAT(report, HasSubstr("\"take\" takes every request at test.conf:2:1"));
}

TEST(Statement, counts_patterns_of_every_path_as_everything) {
  EXPECT_THAT(report_of("take /* one\ntake two"), HasSubstr("G0182"));
  EXPECT_EQ(report_of("take /a/* one\ntake two"), "");
}

TEST(Route, groups_statements_for_its_patterns) {
  SiteText site("route /a/* /b {\n  take /a/x one\n  take two\n}\ntake three", kTable);
  ASSERT_EQ(site.report(), "");
  EXPECT_EQ(word_for(site, {.target = "/a/x"}), "one");
  EXPECT_EQ(word_for(site, {.target = "/b"}), "two");
  EXPECT_EQ(word_for(site, {.target = "/c"}), "three");
}

TEST(Route, falls_through_to_what_stands_behind_it) {
  SiteText site("route /a/* {\n  take /a/x one\n}\ntake two", kTable);
  EXPECT_EQ(word_for(site, {.target = "/a/y"}), "two");
}

TEST(Route, demands_all_of_its_conditions) {
  SiteText site("route {\n  when method POST PUT\n  when from 192.0.2.0/24\n  take one\n}", kTable);
  ASSERT_EQ(site.report(), "");
  EXPECT_EQ(word_for(site, {.method = "PUT"}), "one");
  EXPECT_EQ(word_for(site, {.method = "GET"}), "");
  EXPECT_EQ(word_for(site, {.method = "PUT", .peer = "198.51.100.1"}), "");
  EXPECT_FALSE(site.takes_all());
}

TEST(Route, knows_conditions_on_header_query_and_path) {
  SiteText site(
      "route {\n  when header X-Debug y*\n  take one\n}\n"
      "route {\n  when query debug=1\n  when not path /no/*\n  take two\n}",
      kTable);
  ASSERT_EQ(site.report(), "");
  FakeExchange fake;
  fake.add("x-debug", "yes");
  EXPECT_EQ(site.run(fake), Flow::kTaken);
  EXPECT_EQ(word_for(site, {.target = "/?debug=1"}), "two");
  EXPECT_EQ(word_for(site, {.target = "/?debug=2"}), "");
  EXPECT_EQ(word_for(site, {.target = "/no/x?debug=1"}), "");
}

TEST(Route, may_stand_in_a_route) {
  SiteText site("route /a/* {\n  route /a/b/* {\n    take one\n  }\n  take two\n}", kTable);
  ASSERT_EQ(site.report(), "");
  EXPECT_EQ(word_for(site, {.target = "/a/b/c"}), "one");
  EXPECT_EQ(word_for(site, {.target = "/a/c"}), "two");
}

TEST(Route, closes_the_site_when_it_takes_everything) {
  EXPECT_THAT(report_of("route {\n  take one\n}\ntake two"),
              HasSubstr("\"route\" takes every request at test.conf:1:1"));
  EXPECT_EQ(report_of("route {\n  when method GET\n  take one\n}\ntake two"), "");
  EXPECT_EQ(report_of("route {\n  take /a one\n}\ntake two"), "");
}

TEST(Route, finds_unreachable_statements_within) {
  EXPECT_THAT(report_of("route /a {\n  take one\n  take two\n}"), StartsWith("test.conf:3:3: error G0182"));
}

TEST(Route, explains_wrong_conditions) {
  EXPECT_THAT(report_of("route {\n  when methud GET\n}"), HasSubstr("did you mean \"method\"?"));
  EXPECT_THAT(report_of("route {\n  when method get\n}"), HasSubstr("in capitals"));
  EXPECT_THAT(report_of("route {\n  when not method\n}"), HasSubstr("needs at least one argument"));
  EXPECT_THAT(report_of("route {\n  when from 192.0.2.0/33\n}"), HasSubstr("G0155"));
  EXPECT_THAT(report_of("route {\n  when query a b\n}"), HasSubstr("one parameter a line"));
  EXPECT_THAT(report_of("route {\n  when header \"a b\"\n}"), HasSubstr("is not a field name"));
  EXPECT_THAT(report_of("route {\n  when\n}"), HasSubstr("G0143"));
}

}  // namespace
}  // namespace gate::http::config
