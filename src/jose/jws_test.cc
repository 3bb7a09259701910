#include "jose/jws.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "jose/base64url.h"
#include "jose/codes.h"

namespace gate::jose {
namespace {

constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

std::string message(std::string_view header, std::string_view payload, std::string_view signature) {
  return std::string(R"({"protected":")")
      .append(header)
      .append(R"(","payload":")")
      .append(payload)
      .append(R"(","signature":")")
      .append(signature)
      .append(R"("})");
}

std::string with_header(std::string_view header) {
  return message(to_base64url(base::as_bytes(header)), "e30", "AAAA");
}

// RFC 7515 A.1.
TEST(Jws, verifies_hs256_of_rfc_7515) {
  const auto jws = Jws::parse(
      message("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", kPayload, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
  ASSERT_TRUE(jws) << jws.error().why;
  const auto secret =
      from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  EXPECT_TRUE(jws->verify(*secret));
  EXPECT_TRUE(jws->payload.starts_with("{\"iss\":\"joe\"")) << jws->payload;
  EXPECT_EQ(jws->verify(base::as_bytes("another")).error().code, kWrongSignature);
}

// RFC 7515 A.2.
TEST(Jws, verifies_rs256_of_rfc_7515) {
  const auto jws = Jws::parse(
      message("eyJhbGciOiJSUzI1NiJ9", kPayload,
              "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
              "O8W2Fp5jujGbds9uJdbF9CUAr7t1"
              "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_"
              "dO--xi12jzD"
              "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
              "IoypGlUPQGe7"
              "7Rw"));
  ASSERT_TRUE(jws) << jws.error().why;
  const auto key = PublicKey::from_jwk(
      R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})");
  ASSERT_TRUE(key) << key.error().why;
  EXPECT_TRUE(jws->verify(*key));
  auto changed = *jws;
  changed.signed_text += "x";
  EXPECT_EQ(changed.verify(*key).error().code, kWrongSignature);
}

// RFC 7515 A.3.
TEST(Jws, verifies_es256_of_rfc_7515) {
  const auto jws =
      Jws::parse(message("eyJhbGciOiJFUzI1NiJ9", kPayload,
                         "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"));
  ASSERT_TRUE(jws) << jws.error().why;
  const auto key = PublicKey::from_jwk(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  ASSERT_TRUE(key) << key.error().why;
  EXPECT_TRUE(jws->verify(*key));
  auto changed = *jws;
  changed.signature.back() ^= std::byte{1};
  EXPECT_EQ(changed.verify(*key).error().code, kWrongSignature);
  changed.signature.pop_back();
  EXPECT_EQ(changed.verify(*key).error().code, kWrongSignature);
}

TEST(Jws, what_is_signed_is_read_again) {
  const auto key = cert::PrivateKey::generate();
  const auto half = PublicKey::of(key).value();
  const auto text =
      sign(key, {.url = "https://ca/new", .nonce = "n-1", .key_id = "", .jwk = half.to_jwk()}, R"({"a":1})");
  ASSERT_TRUE(text);
  const auto jws = Jws::parse(*text);
  ASSERT_TRUE(jws) << jws.error().why;
  EXPECT_EQ(jws->algorithm, Algorithm::kEs256);
  EXPECT_EQ(jws->header.url, "https://ca/new");
  EXPECT_EQ(jws->header.nonce, "n-1");
  EXPECT_EQ(jws->header.key_id, "");
  EXPECT_EQ(jws->payload, R"({"a":1})");
  const auto named = PublicKey::from_jwk(jws->header.jwk);
  ASSERT_TRUE(named);
  EXPECT_TRUE(jws->verify(*named));
  EXPECT_FALSE(jws->verify(PublicKey::of(cert::PrivateKey::generate()).value()));
}

TEST(Jws, a_secret_signs_too) {
  const std::string text =
      sign_by_secret(base::as_bytes("secret"), {.url = "u", .nonce = {}, .key_id = "kid-1", .jwk = {}}, "x");
  const auto jws = Jws::parse(text);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->header.key_id, "kid-1");
  EXPECT_TRUE(jws->verify(base::as_bytes("secret")));
}

// The public key as the secret of HS256: the oldest confusion of this format.
TEST(Jws, an_algorithm_that_is_not_the_keys_is_refused) {
  const auto key = PublicKey::of(cert::PrivateKey::generate()).value();
  const auto jws = Jws::parse(sign_by_secret(base::as_bytes(key.to_jwk()), {}, "x"));
  EXPECT_EQ(jws->verify(key).error().code, kWrongSignature);
  const auto other = Jws::parse(sign(cert::PrivateKey::generate(), {}, "x").value());
  EXPECT_EQ(other->verify(base::as_bytes("secret")).error().code, kWrongSignature);
}

TEST(Jws, malformed_messages_are_refused) {
  for (const std::string& text : {
           std::string("x"),
           std::string("[]"),
           std::string("{}"),
           message("e30=", "", ""),
           message("e30", "", ""),
           with_header("[]"),
           with_header(R"({"alg":5})"),
           with_header(R"({"alg":"ES256","url":1})"),
           with_header(R"({"alg":"ES256","jwk":"x"})"),
           with_header(R"({"alg":"ES256","crit":["b64"],"b64":false})"),
           std::string(R"({"protected":"e30","payload":"","signature":"","header":{}})"),
           std::string(R"({"signatures":[]})"),
           std::string(Jws::kBytesMax + 1, ' '),
       }) {
    const auto jws = Jws::parse(text);
    ASSERT_FALSE(jws) << text;
    EXPECT_EQ(jws.error().code, kBadJws);
  }
}

TEST(Jws, algorithms_that_are_not_known_are_told_apart) {
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"ES512"})"}) {
    const auto jws = Jws::parse(with_header(header));
    ASSERT_FALSE(jws) << header;
    EXPECT_EQ(jws.error().code, kUnsupportedAlgorithm);
  }
}

TEST(Jws, nesting_without_end_is_no_danger) {
  const std::string deep =
      R"({"alg":"ES256","jwk":{"kty":"EC","x":)" + std::string(50'000, '[') + std::string(50'000, ']') + "}}";
  const auto jws = Jws::parse(with_header(deep));
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->header.jwk, R"({"kty":"EC"})");
}

}  // namespace
}  // namespace gate::jose
