#include "http/text_template.h"

#include <gtest/gtest.h>

#include "cert/authority_for_test.h"
#include "http/match_codes.h"
#include "http/testing/fake_exchange.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::http {
namespace {

using testing::FakeExchange;

constexpr auto kUrl = TextTemplate::For::kUrl;
constexpr auto kFieldValue = TextTemplate::For::kFieldValue;

std::string expanded(std::string_view text, FakeExchange& fake, TextTemplate::For use = kUrl) {
  const auto compiled = TextTemplate::compile(text, use);
  EXPECT_TRUE(compiled.has_value()) << text;
  return compiled ? std::string(compiled->expand(fake.exchange())) : "";
}

std::string why_refused(std::string_view text, TextTemplate::For use = kUrl) {
  const auto compiled = TextTemplate::compile(text, use);
  if (compiled) return "";
  EXPECT_EQ(compiled.error().code, kBadTemplate);
  return compiled.error().what;
}

TEST(TextTemplate, puts_in_what_placeholders_stand_for) {
  FakeExchange fake({.target = "/a%20b?c=d", .authority = "example.com:8443", .peer = "2001:db8::1"});
  EXPECT_EQ(expanded("{scheme}://{host}{path}", fake), "https://example.com/a%20b");
  EXPECT_EQ(expanded("https://{host}{uri}", fake), "https://example.com/a%20b?c=d");
  EXPECT_EQ(expanded("/x?{query}", fake), "/x?c=d");
  EXPECT_EQ(expanded("{method} {client} {request_id}", fake, kFieldValue), "GET 2001:db8::1 0123456789abcdef");
}

TEST(TextTemplate, says_what_the_client_has_proved_itself_with) {
  const auto root = cert::for_test::root("root", base::WallTime(std::chrono::seconds(1'800'000'000)));
  tls::Facts facts;
  FakeExchange stranger({.tls = &facts});
  EXPECT_EQ(expanded("<{client_certificate_subject}>", stranger, kFieldValue), "<>");
  facts.client = std::make_shared<const tls::ClientCertificate>(
      tls::ClientCertificate{.chain = {root.leaf()}, .names = {}, .fingerprint = "5eed"});
  FakeExchange known({.tls = &facts});
  EXPECT_EQ(expanded("{client_certificate_subject} {client_certificate_serial} {client_certificate_sha256}", known,
                     kFieldValue),
            "CN=root 1267 5eed");
}

TEST(TextTemplate, leaves_out_the_question_mark_without_a_query) {
  FakeExchange fake({.target = "/a"});
  EXPECT_EQ(expanded("{uri}", fake), "/a");
  FakeExchange empty_query({.target = "/a?"});
  EXPECT_EQ(expanded("{uri}", empty_query), "/a?");
}

TEST(TextTemplate, takes_a_target_without_path_as_the_root) {
  FakeExchange fake({.method = "OPTIONS", .target = "*"});
  EXPECT_EQ(expanded("https://{host}{uri}", fake), "https://example.com/");
}

TEST(TextTemplate, puts_ipv6_addresses_in_brackets) {
  FakeExchange fake;
  fake.request().host = "2001:db8::1";
  EXPECT_EQ(expanded("https://{host}/", fake), "https://[2001:db8::1]/");
}

TEST(TextTemplate, keeps_a_value_inside_its_query_parameter) {
  FakeExchange fake({.target = "/a&b=c+d%20e?x=1&y"});
  EXPECT_EQ(expanded("/login?next={path}&z", fake), "/login?next=/a%26b%3Dc%2Bd%20e&z");
  EXPECT_EQ(expanded("/login?next={uri}", fake), "/login?next=/a%26b%3Dc%2Bd%20e%3Fx%3D1%26y");
  EXPECT_EQ(expanded("/login?a=1&{query}", fake), "/login?a=1&x=1&y");
}

TEST(TextTemplate, lets_no_line_break_through) {
  FakeExchange fake;
  fake.request().raw_path = "/a\r\nset-cookie: x=\x01\xff";
  EXPECT_EQ(expanded("{path}", fake), "/a%0D%0Aset-cookie:%20x=%01%FF");
  EXPECT_EQ(expanded("{path}", fake, kFieldValue), "/a%0D%0Aset-cookie:%20x=%01%FF");
}

TEST(TextTemplate, refuses_unknown_placeholders_and_suggests) {
  EXPECT_EQ(why_refused("/{hsot}"), "there is no {hsot}; did you mean {host}?");
  EXPECT_NE(why_refused("/{nothing_like_it}").find("known: {host}"), std::string::npos);
}

TEST(TextTemplate, refuses_text_that_cannot_stand_there) {
  EXPECT_NE(why_refused("/a b"), "");
  EXPECT_NE(why_refused("/a\r\nb"), "");
  EXPECT_NE(why_refused("/{path}\\"), "");
  EXPECT_NE(why_refused("/{"), "");
  EXPECT_NE(why_refused("/\xc3\xa4"), "");
  EXPECT_NE(why_refused("a\r\nb", kFieldValue), "");
  EXPECT_NE(why_refused(std::string_view("a\0b", 3), kFieldValue), "");
  EXPECT_EQ(why_refused("a b\tc", kFieldValue), "");
}

TEST(TextTemplate, leaves_braces_of_json_in_field_values_alone) {
  FakeExchange fake;
  EXPECT_EQ(expanded(R"({"group":"a","host":"{host}","x":{}})", fake, kFieldValue),
            R"({"group":"a","host":"example.com","x":{}})");
}

}  // namespace
}  // namespace gate::http
