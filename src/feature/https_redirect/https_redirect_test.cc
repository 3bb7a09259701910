#include "feature/https_redirect/https_redirect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/https_redirect/codes.h"
#include "feature/https_redirect/https_redirect_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::https_redirect {
namespace {

using http::Flow;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using http::testing::FakeRequest;
using ::testing::HasSubstr;

struct OneChallenge final : public http::ChallengeSource {
  std::optional<std::string> answer(std::string_view token) const override {
    if (token == "the-token_1") return "the-token_1.thumbprint";
    return std::nullopt;
  }
};

class HttpsRedirectTest : public ::testing::Test {
 protected:
  std::string location_for(FakeExchange& fake, std::uint16_t port = 443) {
    const HttpsRedirectPlan plan(port);
    const auto service = plan.build({.clock = clock_});
    EXPECT_EQ(fake.run(*service), Flow::kTaken);
    EXPECT_EQ(fake.responses(), 1);
    if (fake.status() != 308) return std::to_string(fake.status());
    return std::string(fake.field("location"));
  }

  std::string location_for(FakeRequest request, std::uint16_t port = 443) {
    request.secure = false;
    FakeExchange fake(request);
    return location_for(fake, port);
  }

  // Status and body, or "next".
  std::string challenge_for(std::string_view path) {
    const OneChallenge source;
    const ChallengePlan plan(source);
    const auto service = plan.build({.clock = clock_});
    FakeExchange fake({.target = path, .secure = false});
    if (fake.run(*service) == Flow::kNext) return "next";
    return std::to_string(fake.status()) + " " + fake.read_body();
  }

  FakeClock clock_;
};

TEST_F(HttpsRedirectTest, goes_to_the_same_host_path_and_query) {
  EXPECT_EQ(location_for({.target = "/a%20b?c=d&e"}), "https://example.com/a%20b?c=d&e");
  EXPECT_EQ(location_for({.target = "/a?"}), "https://example.com/a?");
  EXPECT_EQ(location_for({.target = "//evil.example/"}), "https://example.com//evil.example/");
}

TEST_F(HttpsRedirectTest, names_the_port_of_https_and_drops_that_of_http) {
  EXPECT_EQ(location_for({.authority = "example.com:8080"}, 8443), "https://example.com:8443/");
  EXPECT_EQ(location_for({.authority = "example.com:80"}), "https://example.com/");
}

TEST_F(HttpsRedirectTest, writes_addresses_as_urls_do) {
  FakeExchange fake;
  fake.request().host = "2001:db8::1";
  EXPECT_EQ(location_for(fake, 8443), "https://[2001:db8::1]:8443/");
}

TEST_F(HttpsRedirectTest, has_a_path_for_requests_without_one) {
  EXPECT_EQ(location_for({.method = "OPTIONS", .target = "*"}), "https://example.com/");
}

TEST_F(HttpsRedirectTest, refuses_a_request_that_names_no_host) {
  FakeExchange fake({.authority = "", .secure = false});
  EXPECT_EQ(location_for(fake), "400");
  EXPECT_EQ(fake.exchange().refusal->code, kHostMissing);
}

TEST_F(HttpsRedirectTest, cannot_be_made_to_write_another_field) {
  FakeExchange fake;
  fake.request().raw_path = "/\r\na: b";
  fake.request().host = "a\r\nb";
  EXPECT_EQ(location_for(fake), "https://a%0D%0Ab/%0D%0Aa:%20b");
}

TEST_F(HttpsRedirectTest, answers_an_open_challenge) {
  EXPECT_EQ(challenge_for("/.well-known/acme-challenge/the-token_1"), "200 the-token_1.thumbprint");
}

TEST_F(HttpsRedirectTest, refuses_challenges_that_are_not_open) {
  for (const std::string_view path : {"/.well-known/acme-challenge/other", "/.well-known/acme-challenge/",
                                      "/.well-known/acme-challenge/the-token_1/", "/.well-known/acme-challenge/a.b"}) {
    EXPECT_EQ(challenge_for(path), "404 ") << path;
  }
  EXPECT_EQ(challenge_for("/.well-known/acme-challenge/" + std::string(200, 'a')), "404 ");
}

TEST_F(HttpsRedirectTest, lets_all_other_paths_pass_to_the_site) {
  EXPECT_EQ(challenge_for("/"), "next");
  EXPECT_EQ(challenge_for("/.well-known/acme-challenge"), "next");
  EXPECT_EQ(challenge_for("/x/.well-known/acme-challenge/the-token_1"), "next");
}

TEST(HttpStatement, says_what_plain_http_gets) {
  const auto read = [](std::string text) {
    http::config::ConfText conf(std::move(text));
    ClearHttp policy = ClearHttp::kRedirect;
    conf.read<ClearHttp>(kDirectives, policy);
    return std::pair(policy, conf.report());
  };
  EXPECT_EQ(read(""), std::pair(ClearHttp::kRedirect, std::string()));
  EXPECT_EQ(read("http allow"), std::pair(ClearHttp::kAllow, std::string()));
  EXPECT_EQ(read("http redirect"), std::pair(ClearHttp::kRedirect, std::string()));
  EXPECT_THAT(read("http alow").second, HasSubstr("did you mean \"allow\"?"));
  EXPECT_THAT(read("http allow\nhttp redirect").second, HasSubstr("G0146"));
}

}  // namespace
}  // namespace gate::https_redirect
