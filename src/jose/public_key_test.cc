#include "jose/public_key.h"

#include <gtest/gtest.h>

#include <string>

#include "jose/codes.h"

namespace gate::jose {
namespace {

// RFC 7638 3.1.
constexpr std::string_view kRsa =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";
// RFC 7515 A.3, its public half.
constexpr std::string_view kEc =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

TEST(PublicKey, has_the_thumbprint_of_rfc_7638) {
  const auto key = PublicKey::from_jwk(kRsa);
  ASSERT_TRUE(key) << key.error().why;
  EXPECT_TRUE(key->is_rsa());
  EXPECT_EQ(key->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(PublicKey, is_written_as_it_is_hashed) {
  EXPECT_EQ(
      PublicKey::from_jwk(kEc).value().to_jwk(),
      R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
}

TEST(PublicKey, of_a_private_key_is_read_again) {
  const auto key = PublicKey::of(cert::PrivateKey::generate());
  ASSERT_TRUE(key);
  const auto again = PublicKey::from_jwk(key->to_jwk());
  ASSERT_TRUE(again) << again.error().why;
  EXPECT_EQ(again->thumbprint(), key->thumbprint());
}

TEST(PublicKey, refuses_what_is_no_public_key) {
  for (
      const std::string_view text : {
          "",
          "[]",
          "{}",
          R"({"kty":5})",
          R"({"kty":"oct","k":"AyM1"})",
          R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})",
          R"({"kty":"EC","crv":7,"x":"AA","y":"AA"})",
          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
          // No point on the curve.
          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
          R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
          R"({"kty":"RSA","n":"","e":"AQAB"})",
          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQ"})",
      }) {
    const auto key = PublicKey::from_jwk(text);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, kBadJwk);
  }
  EXPECT_FALSE(PublicKey::from_jwk(std::string(PublicKey::kJwkBytesMax + 1, ' ')));
}

}  // namespace
}  // namespace gate::jose
