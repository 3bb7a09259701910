#include "dns/tsig_key_file.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::dns {
namespace {

TEST(TsigKeyFile, is_read_as_tsig_keygen_writes_it) {
  const auto key =
      parse_tsig_key_file("key \"gate443\" {\n\talgorithm hmac-sha256;\n\tsecret \"c3Nzc3Nzc3Nzc3Nzc3Nzcw==\";\n};\n");
  ASSERT_TRUE(key.has_value()) << key.error();
  EXPECT_EQ(key->name.to_string(), "gate443");
  EXPECT_EQ(key->algorithm, TsigAlgorithm::kHmacSha256);
  EXPECT_EQ(key->secret, std::string(16, 's'));
}

TEST(TsigKeyFile, may_have_comments_and_no_quotes) {
  EXPECT_TRUE(parse_tsig_key_file(
      "// one\n# two\n/* three */ key a.example. {secret c3Nzc3Nzc3Nzc3Nzc3Nzcw==;algorithm hmac-sha512;}"));
}

TEST(TsigKeyFile, that_is_none_says_why) {
  const std::string good = "key k { algorithm hmac-sha256; secret \"c3Nzc3Nzc3Nzc3Nzc3Nzcw==\"; };";
  EXPECT_TRUE(parse_tsig_key_file(good));
  for (const std::string& bad :
       {std::string(), std::string("zone \"example.com\" {};"), std::string("key k"), std::string("key k {"),
        std::string("key k { algorithm hmac-sha256"), std::string("key k { algorithm"),
        std::string("key k { secret \""), std::string("key k { };"),
        std::string("key k { algorithm hmac-md5; secret \"c3Nzc3Nzc3Nzc3Nzc3Nzcw==\"; };"),
        std::string("key k { algorithm hmac-sha256; secret \"short\"; };"), good + good}) {
    const auto key = parse_tsig_key_file(bad);
    ASSERT_FALSE(key.has_value()) << bad;
    EXPECT_FALSE(key.error().empty());
  }
}

TEST(TsigKeyFile, never_tells_the_secret) {
  const auto key = parse_tsig_key_file("key k { algorithm hmac-sha256; secret \"sesame\"; };");
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().find("sesame"), std::string::npos);
}

}  // namespace
}  // namespace gate::dns
