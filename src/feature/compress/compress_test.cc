#include "feature/compress/compress.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "feature/compress/decode_for_test.h"
#include "http/cache_budget.h"
#include "http/testing/fake_exchange.h"

namespace gate::compress {
namespace {

using http::ContentCoding;
using http::FieldId;
using http::testing::FakeBody;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using http::testing::FakeRequest;

class Compress : public ::testing::Test {
 protected:
  // A response of text, changed by `change`, after the filter.
  std::unique_ptr<FakeExchange> answer(std::string_view accept_encoding, std::function<void(FakeExchange&)> change = {},
                                       FakeRequest request = {}) {
    if (!service_) {
      plan_.emplace(options_);
      service_ = plan_->build({.clock = clock_, .cache = &budget_});
    }
    auto fake = std::make_unique<FakeExchange>(request);
    if (!accept_encoding.empty()) fake->add("accept-encoding", accept_encoding);
    EXPECT_EQ(fake->run(*service_), http::Flow::kNext);
    auto& response = fake->response();
    response.fields.add(FieldId::kContentType, "text/html; charset=utf-8");
    response.body = fake->exchange().make_body<FakeBody>(text_, 3000);
    if (change) change(*fake);
    fake->exchange().respond();
    return fake;
  }
  static bool encoded(const FakeExchange& fake) { return fake.count("content-encoding") != 0; }
  static std::function<void(FakeExchange&)> with(FieldId id, std::string_view value) {
    return [=](FakeExchange& fake) { fake.response().fields.set(id, value); };
  }

  std::string text_ = sample_text(20'000);
  CompressOptions options_;
  FakeClock clock_;
  http::CacheBudget budget_;
  std::optional<CompressPlan> plan_;
  std::unique_ptr<http::Service> service_;
};

TEST_F(Compress, uses_the_coding_the_client_likes_best) {
  for (const auto& [accepted, coding] :
       {std::pair("gzip", ContentCoding::kGzip), std::pair("gzip, br", ContentCoding::kBrotli),
        std::pair("gzip, br, zstd", ContentCoding::kZstd),
        std::pair("gzip, br;q=0.5, zstd;q=0.1", ContentCoding::kGzip)}) {
    const auto fake = answer(accepted);
    EXPECT_EQ(fake->field("content-encoding"), http::to_string(coding));
    EXPECT_EQ(fake->field("vary"), "Accept-Encoding");
    EXPECT_FALSE(fake->response().body->length());
    const auto decoded = decode(coding, fake->read_body(1000));
    EXPECT_TRUE(decoded.complete);
    EXPECT_EQ(decoded.text, text_);
  }
}

TEST_F(Compress, prefers_in_the_order_of_the_configuration) {
  options_.codings = {ContentCoding::kGzip, ContentCoding::kZstd};
  EXPECT_EQ(answer("zstd, br, gzip")->field("content-encoding"), "gzip");
  EXPECT_FALSE(encoded(*answer("br")));
}

TEST_F(Compress, says_vary_even_where_it_does_not_compress) {
  const auto fake = answer("");
  EXPECT_FALSE(encoded(*fake));
  EXPECT_EQ(fake->field("vary"), "Accept-Encoding");
  EXPECT_EQ(fake->read_body(), text_);
}

TEST_F(Compress, joins_a_vary_that_is_there) {
  EXPECT_EQ(answer("gzip", with(FieldId::kVary, "Origin, accept-encoding"))->count("vary"), 1u);
  EXPECT_EQ(answer("gzip", with(FieldId::kVary, "*"))->count("vary"), 1u);
  EXPECT_EQ(answer("gzip", with(FieldId::kVary, "Origin"))->count("vary"), 2u);
}

TEST_F(Compress, leaves_small_responses_alone) {
  options_.bytes_min = 20'001;
  EXPECT_FALSE(encoded(*answer("gzip")));
  service_.reset();
  options_.bytes_min = 20'000;
  EXPECT_TRUE(encoded(*answer("gzip")));
}

TEST_F(Compress, leaves_types_alone_that_do_not_shrink) {
  const auto fake = answer("gzip", with(FieldId::kContentType, "image/png"));
  EXPECT_FALSE(encoded(*fake));
  EXPECT_EQ(fake->count("vary"), 0u);
  EXPECT_FALSE(encoded(*answer("gzip", [](FakeExchange& f) { f.response().fields.remove(FieldId::kContentType); })));
}

TEST_F(Compress, takes_the_types_it_is_told) {
  options_.types = {"application/x-mine", "image/*"};
  EXPECT_TRUE(encoded(*answer("gzip", with(FieldId::kContentType, "Image/PNG"))));
  EXPECT_TRUE(encoded(*answer("gzip", with(FieldId::kContentType, "application/x-mine; a=b"))));
  EXPECT_FALSE(encoded(*answer("gzip")));
  EXPECT_FALSE(encoded(*answer("gzip", with(FieldId::kContentType, "imagery/png"))));
}

TEST_F(Compress, leaves_alone_what_may_not_be_changed) {
  EXPECT_EQ(answer("gzip", with(FieldId::kContentEncoding, "br"))->field("content-encoding"), "br");
  EXPECT_FALSE(encoded(*answer("gzip", with(FieldId::kContentRange, "bytes 0-1/2"))));
  EXPECT_FALSE(encoded(*answer("gzip", with(FieldId::kCacheControl, "public, No-Transform"))));
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{103, 204, 206}) {
    EXPECT_FALSE(encoded(*answer("gzip", [=](FakeExchange& fake) { fake.response().status = status; }))) << status;
  }
  EXPECT_FALSE(encoded(*answer("gzip", [](FakeExchange& fake) { fake.response().body.reset(); })));
}

TEST_F(Compress, compresses_error_pages_too) {
  EXPECT_TRUE(encoded(*answer("gzip", [](FakeExchange& fake) { fake.response().status = 404; })));
}

TEST_F(Compress, makes_a_strong_etag_weak) {
  EXPECT_EQ(answer("gzip", with(FieldId::kETag, "\"v1\""))->field("etag"), "W/\"v1\"");
  EXPECT_EQ(answer("gzip", with(FieldId::kETag, "W/\"v1\""))->field("etag"), "W/\"v1\"");
  EXPECT_EQ(answer("", with(FieldId::kETag, "\"v1\""))->field("etag"), "\"v1\"");
}

TEST_F(Compress, takes_back_the_offer_of_ranges) {
  EXPECT_EQ(answer("gzip", with(FieldId::kAcceptRanges, "bytes"))->count("accept-ranges"), 0u);
  EXPECT_EQ(answer("", with(FieldId::kAcceptRanges, "bytes"))->count("accept-ranges"), 1u);
}

TEST_F(Compress, answers_head_with_the_fields_of_get) {
  const auto fake = answer("gzip", with(FieldId::kETag, "\"v1\""), {.method = "HEAD"});
  EXPECT_EQ(fake->field("content-encoding"), "gzip");
  EXPECT_EQ(fake->field("etag"), "W/\"v1\"");
  ASSERT_TRUE(fake->response().body);
  EXPECT_FALSE(fake->response().body->length()) << "unknown before it is encoded";
  EXPECT_EQ(budget_.used().bytes, 0u) << "no encoder is spent on it";
}

TEST_F(Compress, confirms_the_etag_the_client_knows_in_a_304) {
  const auto not_modified = [](std::string_view known) {
    return [=](FakeExchange& fake) {
      fake.add("if-none-match", known);
      fake.response().fields.clear();
      fake.response().fields.add(FieldId::kETag, "\"v1\"");
      fake.response().body.reset();
      fake.response().status = 304;
    };
  };
  EXPECT_EQ(answer("gzip", not_modified("W/\"v1\""))->field("etag"), "W/\"v1\"");
  EXPECT_EQ(answer("gzip", not_modified("W/\"v1\""))->field("vary"), "Accept-Encoding");
  EXPECT_EQ(answer("gzip", not_modified("\"v1\""))->field("etag"), "\"v1\"");
  EXPECT_EQ(answer("", not_modified("W/\"v1\""))->field("etag"), "\"v1\"");
}

TEST_F(Compress, sends_responses_as_they_are_when_memory_is_spent) {
  ASSERT_TRUE(budget_.reserve({.bytes = http::CacheBudget::kDefaultLimit.bytes - 1000}));
  const auto fake = answer("gzip", with(FieldId::kETag, "\"v1\""));
  EXPECT_FALSE(encoded(*fake));
  EXPECT_EQ(fake->field("etag"), "\"v1\"");
  EXPECT_EQ(fake->field("vary"), "Accept-Encoding");
  EXPECT_EQ(fake->read_body(), text_);
}

TEST_F(Compress, is_stopped_by_a_later_off) {
  const CompressPlan off({.on = false});
  const auto stop = off.build({.clock = clock_});
  const auto fake = answer("gzip", [&](FakeExchange& f) { f.run(*stop); });
  EXPECT_FALSE(encoded(*fake));
  EXPECT_EQ(fake->count("vary"), 0u);
}

TEST_F(Compress, encodes_once_when_given_twice) {
  const auto fake = answer("gzip", [&](FakeExchange& f) { f.run(*service_); });
  EXPECT_EQ(fake->count("content-encoding"), 1u);
  EXPECT_EQ(decode(ContentCoding::kGzip, fake->read_body()).text, text_);
}

}  // namespace
}  // namespace gate::compress
