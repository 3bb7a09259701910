#include "http/match.h"

#include <gtest/gtest.h>

#include <utility>

#include "http/testing/fake_exchange.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::http {
namespace {

using testing::FakeExchange;

Glob path_glob(std::string_view pattern) { return Glob::compile(pattern, Glob::Of::kPath).value(); }
Glob text_glob(std::string_view pattern) { return Glob::compile(pattern, Glob::Of::kText).value(); }

template <class Test>
Matcher requiring(Test test) {
  Matcher matcher;
  matcher.require(std::move(test));
  return matcher;
}

TEST(Matcher, matches_everything_without_conditions) {
  FakeExchange fake;
  EXPECT_TRUE(Matcher().matches(fake.exchange()));
  EXPECT_TRUE(Matcher().matches_everything());
}

TEST(Matcher, matches_any_of_several_paths) {
  PathIs test;
  test.patterns.push_back(path_glob("/a"));
  test.patterns.push_back(path_glob("/b/*"));
  const Matcher matcher = requiring(std::move(test));
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/a?x=1"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/b/c"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/c"}).exchange()));
  EXPECT_FALSE(matcher.matches_everything());
}

TEST(Matcher, has_no_condition_when_a_pattern_matches_every_path) {
  PathIs test;
  test.patterns.push_back(path_glob("/a"));
  test.patterns.push_back(path_glob("/*"));
  EXPECT_TRUE(requiring(std::move(test)).matches_everything());
}

TEST(Matcher, keeps_the_condition_not_every_path) {
  PathIs test;
  test.patterns.push_back(path_glob("*"));
  Matcher matcher;
  matcher.require_not(std::move(test));
  EXPECT_FALSE(matcher.matches_everything());
  EXPECT_FALSE(matcher.matches(FakeExchange().exchange()));
}

TEST(Matcher, compares_methods_with_case) {
  const Matcher matcher = requiring(MethodIs{{"POST", "PURGE"}});
  EXPECT_TRUE(matcher.matches(FakeExchange({.method = "POST"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.method = "PURGE"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.method = "post"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.method = "GET"}).exchange()));
}

TEST(Matcher, looks_at_every_line_of_a_field) {
  HeaderIs test{.name = "x-tag", .values = {}};
  test.values.push_back(text_glob("b*"));
  const Matcher matcher = requiring(std::move(test));
  FakeExchange fake;
  EXPECT_FALSE(matcher.matches(fake.exchange()));
  fake.add("x-tag", "a");
  EXPECT_FALSE(matcher.matches(fake.exchange()));
  fake.add("x-tag", "bc");
  EXPECT_TRUE(matcher.matches(fake.exchange()));
}

TEST(Matcher, finds_a_field_whatever_its_value) {
  const Matcher matcher = requiring(HeaderIs{.name = "x-tag", .values = {}});
  FakeExchange fake;
  EXPECT_FALSE(matcher.matches(fake.exchange()));
  fake.add("x-tag", "");
  EXPECT_TRUE(matcher.matches(fake.exchange()));
}

TEST(Matcher, compares_query_parameters_decoded) {
  const Matcher matcher = requiring(QueryIs{"na me", "a&b"});
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/?na+me=a%26b"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/?x=1&na%20me=a%26b&y"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/?na+me=no&na+me=a%26b"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/?na+me=a&b"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/?na+me=a%26bc"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/?na+me=a%2"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/"}).exchange()));
}

TEST(Matcher, finds_a_query_parameter_with_or_without_value) {
  const Matcher matcher = requiring(QueryIs{"debug", std::nullopt});
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/?debug"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.target = "/?a=1&debug=0"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/?debugger"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.target = "/?a=debug"}).exchange()));
}

TEST(Matcher, knows_the_client_by_address) {
  const Matcher matcher = requiring(ClientIn{{*base::Cidr::parse("10.0.0.0/8"), *base::Cidr::parse("2001:db8::/32")}});
  EXPECT_TRUE(matcher.matches(FakeExchange({.peer = "10.1.2.3"}).exchange()));
  EXPECT_TRUE(matcher.matches(FakeExchange({.peer = "2001:db8::1"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.peer = "11.0.0.1"}).exchange()));
}

TEST(Matcher, knows_clients_by_what_they_have_proved_themselves_with) {
  const auto matcher_for = [](std::string_view pattern) {
    CertificateNames test;
    test.names.push_back(text_glob(pattern));
    return requiring(std::move(test));
  };
  tls::Facts facts;
  EXPECT_FALSE(matcher_for("*").matches(FakeExchange({.tls = &facts}).exchange())) << "it has shown nothing";
  EXPECT_FALSE(matcher_for("*").matches(FakeExchange({.secure = false}).exchange()));
  facts.client = std::make_shared<const tls::ClientCertificate>(
      tls::ClientCertificate{.chain = {}, .names = {"alice@example.com", "Alice"}});
  EXPECT_TRUE(matcher_for("*").matches(FakeExchange({.tls = &facts}).exchange()));
  EXPECT_TRUE(matcher_for("*@example.com").matches(FakeExchange({.tls = &facts}).exchange()));
  EXPECT_FALSE(matcher_for("bob*").matches(FakeExchange({.tls = &facts}).exchange()));
}

TEST(Matcher, demands_all_conditions_and_the_contrary_of_negated_ones) {
  Matcher matcher;
  matcher.require(MethodIs{{"GET"}});
  matcher.require_not(ClientIn{{*base::Cidr::parse("192.0.2.0/24")}});
  EXPECT_TRUE(matcher.matches(FakeExchange({.peer = "198.51.100.1"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.peer = "192.0.2.9"}).exchange()));
  EXPECT_FALSE(matcher.matches(FakeExchange({.method = "PUT", .peer = "198.51.100.1"}).exchange()));
}

TEST(Matcher, names_the_first_condition_that_does_not_hold) {
  PathIs path;
  path.patterns.push_back(path_glob("/a*"));
  path.patterns.push_back(path_glob("/b/*"));
  Matcher matcher = requiring(std::move(path));
  matcher.require_not(MethodIs{{"POST", "PUT"}});
  matcher.require(QueryIs{"x", "1"});
  EXPECT_EQ(matcher.first_unmet(FakeExchange({.target = "/a?x=1"}).exchange()), nullptr);
  const auto unmet = [&](const http::testing::FakeRequest& request) {
    FakeExchange fake(request);
    return to_string(*matcher.first_unmet(fake.exchange()));
  };
  EXPECT_EQ(unmet({.target = "/c"}), "path /a* /b/*");
  EXPECT_EQ(unmet({.method = "PUT", .target = "/a"}), "not method POST PUT");
  EXPECT_EQ(unmet({.target = "/a"}), "query x=1");
}

TEST(Condition, is_told_in_the_words_of_the_configuration) {
  HeaderIs header{"x-kind", {}};
  header.values.push_back(text_glob("a*"));
  EXPECT_EQ(to_string({std::move(header), true}), "header x-kind a*");
  EXPECT_EQ(to_string({QueryIs{"debug", std::nullopt}, false}), "not query debug");
  EXPECT_EQ(to_string({ClientIn{{base::Cidr::parse("10.0.0.0/8").value()}}, true}), "from 10.0.0.0/8");
}

}  // namespace
}  // namespace gate::http
