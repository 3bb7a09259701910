#include "http/accept_encoding.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

using enum ContentCoding;

constexpr ContentCoding kOffered[] = {kZstd, kBrotli, kGzip};

ContentCoding best(std::optional<std::string_view> field) { return AcceptedCodings(field).best(kOffered); }

TEST(AcceptedCodings, prefers_the_highest_weight_and_then_the_order_of_the_offer) {
  EXPECT_EQ(best("gzip, deflate, br, zstd"), kZstd);
  EXPECT_EQ(best("gzip, deflate, br"), kBrotli);
  EXPECT_EQ(best("gzip;q=1.0, br;q=0.9, zstd;q=0.8"), kGzip);
  EXPECT_EQ(best("X-GZIP"), kGzip);
}

TEST(AcceptedCodings, gives_identity_to_clients_that_name_no_coding) {
  EXPECT_EQ(best(std::nullopt), kIdentity);
  EXPECT_EQ(best(""), kIdentity);
  EXPECT_EQ(best("compress, deflate"), kIdentity);
  EXPECT_EQ(best("identity"), kIdentity);
}

TEST(AcceptedCodings, honours_zero_weights) {
  EXPECT_EQ(best("zstd;q=0, br;q=0, gzip;q=0"), kIdentity);
  EXPECT_EQ(best("*;q=0"), kIdentity);
  EXPECT_EQ(best("*, zstd;q=0"), kBrotli);
  EXPECT_EQ(AcceptedCodings("identity;q=0").quality(kIdentity), 0);
  EXPECT_EQ(AcceptedCodings("*;q=0").quality(kIdentity), 0);
  EXPECT_GT(AcceptedCodings("*;q=0, identity").quality(kIdentity), 0);
}

TEST(AcceptedCodings, prefers_identity_only_when_the_client_does) {
  EXPECT_EQ(best("identity, gzip;q=0.5"), kIdentity);
  EXPECT_EQ(best("identity;q=0.5, gzip"), kGzip);
  EXPECT_EQ(best("gzip;q=0.001"), kGzip);
  EXPECT_EQ(best("*"), kZstd);
}

TEST(ContentCoding, is_named_as_on_the_wire) {
  for (const auto coding : {kIdentity, kGzip, kBrotli, kZstd}) EXPECT_EQ(to_content_coding(to_string(coding)), coding);
  EXPECT_FALSE(to_content_coding("deflate"));
}

}  // namespace
}  // namespace gate::http
