#include "acme/messages.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "acme/codes.h"
#include "base/timestamp.h"

namespace gate::acme {
namespace {

using namespace std::chrono_literals;

TEST(Directory, is_read_with_what_it_offers) {
  const auto directory = Directory::parse(R"({
      "newNonce": "https://ca/nonce", "newAccount": "https://ca/account", "newOrder": "https://ca/order",
      "revokeCert": "https://ca/revoke", "keyChange": "https://ca/key", "renewalInfo": "https://ca/ari",
      "meta": {"termsOfService": "https://ca/terms", "externalAccountRequired": true,
               "caaIdentities": ["ca.example"], "profiles": {"classic": "usual", "shortlived": "six days"}}})");
  ASSERT_TRUE(directory) << directory.error().why;
  EXPECT_EQ(directory->new_order, "https://ca/order");
  EXPECT_EQ(directory->renewal_info, "https://ca/ari");
  EXPECT_TRUE(directory->binding_required);
  EXPECT_EQ(directory->caa_identities, std::vector<std::string>{"ca.example"});
  EXPECT_EQ(directory->profiles.at("shortlived"), "six days");
}

TEST(Directory, needs_no_more_than_three_urls) {
  const auto directory = Directory::parse(R"({"newNonce": "a", "newAccount": "b", "newOrder": "c", "meta": 5})");
  ASSERT_TRUE(directory);
  EXPECT_FALSE(directory->binding_required);
  EXPECT_FALSE(Directory::parse(R"({"newNonce": "a", "newAccount": "b"})"));
  EXPECT_FALSE(Directory::parse(R"({"newNonce": "a", "newAccount": "b", "newOrder": 7})"));
}

TEST(Order, is_read_in_each_of_its_states) {
  const auto order = Order::parse(
      R"({"status": "invalid", "authorizations": ["https://ca/a/1"], "finalize": "https://ca/f",
          "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden"}})");
  ASSERT_TRUE(order) << order.error().why;
  EXPECT_EQ(order->status, Status::kInvalid);
  EXPECT_EQ(order->error.value().to_string(), "caa: forbidden");
  EXPECT_EQ(to_string(order->status), "invalid");
}

TEST(Order, without_what_is_needed_is_refused) {
  for (const std::string text : {
           R"({"status": "pending", "authorizations": ["a"]})",
           R"({"status": "pending", "authorizations": [], "finalize": "f"})",
           R"({"status": "pending", "authorizations": [1, {}], "finalize": "f"})",
           R"({"status": "lost", "authorizations": ["a"], "finalize": "f"})",
           R"({"authorizations": ["a"], "finalize": "f"})",
           "[]",
           "",
       }) {
    const auto order = Order::parse(text);
    ASSERT_FALSE(order) << text;
    EXPECT_EQ(order.error().code, kBadAnswer);
  }
  EXPECT_FALSE(Order::parse(std::string(kMessageBytesMax + 1, ' ')));
}

TEST(Authorization, has_its_challenges) {
  const auto authorization = Authorization::parse(
      R"({"status": "pending", "identifier": {"type": "dns", "value": "example.com"}, "wildcard": true,
          "challenges": [{"type": "dns-01", "url": "https://ca/c/1", "status": "invalid", "token": "abc_-9",
                          "error": {"type": "urn:ietf:params:acme:error:dns", "detail": "NXDOMAIN"}}]})");
  ASSERT_TRUE(authorization) << authorization.error().why;
  EXPECT_TRUE(authorization->wildcard);
  ASSERT_EQ(authorization->challenges.size(), 1U);
  EXPECT_EQ(authorization->challenges[0].token, "abc_-9");
  EXPECT_EQ(authorization->challenges[0].error.value().type, "dns");
}

// The token becomes a part of a path and of a record.
TEST(Authorization, refuses_a_token_that_is_no_base64url) {
  for (const std::string token : {"../../x", "a b", "a.b", "a\\nb"}) {
    EXPECT_FALSE(Authorization::parse(
        R"({"status": "pending", "identifier": {"value": "example.com"},
            "challenges": [{"type": "http-01", "url": "u", "status": "pending", "token": ")" +
        token + R"("}]})"))
        << token;
  }
}

TEST(Problem, tells_its_parts) {
  const auto problem = Problem::parse(
      R"({"type": "urn:ietf:params:acme:error:compound", "detail": "several", "subproblems": [
          {"type": "urn:ietf:params:acme:error:caa", "detail": "no", "identifier": {"type": "dns", "value": "a.example"}},
          7, {"detail": "what?"}]})");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->to_string(), "compound: several; a.example: caa: no; : : what?");
}

TEST(Problem, holds_nothing_that_moves_a_terminal) {
  const auto problem = Problem::parse(R"({"type": "x", "detail": "a\u001b[2Jb\nc"})");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->detail, "a[2Jbc");
}

TEST(RenewalInfo, has_a_window) {
  const auto info = RenewalInfo::parse(
      R"({"suggestedWindow": {"start": "2026-01-03T00:00:00Z", "end": "2026-01-07T00:00:00Z"},
          "explanationURL": "https://ca/why"})");
  ASSERT_TRUE(info) << info.error().why;
  EXPECT_EQ(info->end - info->start, std::chrono::days(4));
  EXPECT_EQ(info->explanation_url, "https://ca/why");
}

// RFC 9773 4.2: such a window is to be ignored.
TEST(RenewalInfo, with_an_end_before_its_start_is_refused) {
  EXPECT_FALSE(
      RenewalInfo::parse(R"({"suggestedWindow": {"start": "2026-01-07T00:00:00Z", "end": "2026-01-07T00:00:00Z"}})"));
  EXPECT_FALSE(RenewalInfo::parse(R"({"suggestedWindow": {"start": "soon", "end": "later"}})"));
  EXPECT_FALSE(RenewalInfo::parse("{}"));
}

TEST(RetryAfter, is_seconds_or_a_date) {
  const auto now = base::parse_timestamp("2026-11-22T09:00:00Z").value();
  EXPECT_EQ(parse_retry_after("120", now), now + 2min);
  EXPECT_EQ(parse_retry_after("Sun, 22 Nov 2026 10:00:00 GMT", now), now + 1h);
  EXPECT_EQ(parse_retry_after("Sun, 22 Nov 2020 10:00:00 GMT", now), now);
  EXPECT_EQ(parse_retry_after("99999999", now), now + std::chrono::days(7));
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
}

}  // namespace
}  // namespace gate::acme
