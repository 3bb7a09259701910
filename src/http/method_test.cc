#include "http/method.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

TEST(Method, is_recognised_by_case) {
  EXPECT_EQ(to_method("GET"), Method::kGet);
  EXPECT_EQ(to_method("HEAD"), Method::kHead);
  EXPECT_EQ(to_method("POST"), Method::kPost);
  EXPECT_EQ(to_method("PUT"), Method::kPut);
  EXPECT_EQ(to_method("DELETE"), Method::kDelete);
  EXPECT_EQ(to_method("CONNECT"), Method::kConnect);
  EXPECT_EQ(to_method("OPTIONS"), Method::kOptions);
  EXPECT_EQ(to_method("TRACE"), Method::kTrace);
  EXPECT_EQ(to_method("PATCH"), Method::kPatch);
  for (const auto* text : {"", "get", "Get", "GETS", "GE", "PROPFIND"})
    EXPECT_EQ(to_method(text), Method::kOther) << text;
}

TEST(Version, prints_as_the_protocol_writes_it) {
  EXPECT_EQ(to_string(Version::kHttp10), "HTTP/1.0");
  EXPECT_EQ(to_string(Version::kHttp11), "HTTP/1.1");
  EXPECT_EQ(to_string(Version::kHttp2), "HTTP/2");
  EXPECT_EQ(to_string(Version::kHttp3), "HTTP/3");
}

}  // namespace
}  // namespace gate::http
