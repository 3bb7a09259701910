#include "http/error_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

using testing::FakeExchange;
using ::testing::HasSubstr;
using ::testing::Not;

class ErrorPagesTest : public ::testing::Test {
 protected:
  void refuse(std::uint16_t status) {
    fake_.exchange().error_pages = &pages_;
    fake_.exchange().refuse({.status = status, .code = base::ErrorCode{5000}, .reason = "secret reason"});
    page_ = fake_.read_body();
  }

  std::string type_for(std::string_view accept) {
    FakeExchange fake;
    if (!accept.empty()) fake.add("accept", accept);
    fake.exchange().error_pages = &pages_;
    fake.exchange().refuse({.status = 404, .code = {}, .reason = {}});
    return std::string(fake.field("content-type"));
  }

  DefaultErrorPages pages_;
  FakeExchange fake_;
  std::string page_;
};

TEST_F(ErrorPagesTest, shows_status_phrase_and_request_id) {
  refuse(404);
  EXPECT_EQ(fake_.status(), 404);
  EXPECT_EQ(fake_.responses(), 1);
  EXPECT_THAT(page_, HasSubstr("<title>404 Not Found</title>"));
  EXPECT_THAT(page_, HasSubstr("0123456789abcdef"));
}

TEST_F(ErrorPagesTest, shows_nothing_of_what_is_inside) {
  refuse(502);
  EXPECT_THAT(page_, Not(HasSubstr("secret")));
  EXPECT_THAT(page_, Not(HasSubstr("5000")));
  EXPECT_THAT(page_, Not(HasSubstr("Gate443")));
  EXPECT_THAT(page_, Not(HasSubstr("http:")));
  EXPECT_THAT(page_, Not(HasSubstr("https:")));
}

TEST_F(ErrorPagesTest, is_json_for_clients_that_prefer_it) {
  fake_.add("accept", "application/json, text/html;q=0.5");
  refuse(403);
  EXPECT_EQ(fake_.field("content-type"), "application/problem+json");
  EXPECT_EQ(page_,
            "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"request_id\":\"0123456789abcdef\"}\n");
}

TEST_F(ErrorPagesTest, is_html_unless_json_is_named_and_preferred) {
  const std::string html = "text/html; charset=utf-8";
  const std::string json = "application/problem+json";
  EXPECT_EQ(type_for(""), html);
  EXPECT_EQ(type_for("*/*"), html);
  EXPECT_EQ(type_for("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), html);
  EXPECT_EQ(type_for("text/html, application/json"), html);
  EXPECT_EQ(type_for("application/json;q=0"), html);
  EXPECT_EQ(type_for("application/json;q=0.5, */*;q=0.8"), html);
  EXPECT_EQ(type_for("application/json, */*"), json);
  EXPECT_EQ(type_for("Application/Problem+JSON"), json);
  EXPECT_EQ(type_for("application/json;q=0.9, text/*;q=0.1"), json);
}

TEST_F(ErrorPagesTest, drops_what_described_the_replaced_content_and_keeps_the_rest) {
  auto& fields = fake_.response().fields;
  fields.add(FieldId::kETag, "\"a\"");
  fields.add(FieldId::kContentEncoding, "gzip");
  fields.add(FieldId::kCacheControl, "max-age=60");
  fields.add(FieldId::kAllow, "GET");
  fields.add(FieldId::kContentRange, "bytes */5");
  refuse(416);
  EXPECT_EQ(fake_.count("etag"), 0);
  EXPECT_EQ(fake_.count("content-encoding"), 0);
  EXPECT_EQ(fake_.field("cache-control"), "no-store");
  EXPECT_EQ(fake_.field("allow"), "GET");
  EXPECT_EQ(fake_.field("content-range"), "bytes */5");
}

TEST_F(ErrorPagesTest, names_a_status_without_phrase) {
  refuse(599);
  EXPECT_THAT(page_, HasSubstr("<title>599 Error</title>"));
}

}  // namespace
}  // namespace gate::http
