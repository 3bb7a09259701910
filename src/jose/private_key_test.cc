#include "jose/private_key.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "jose/codes.h"
#include "jose/jws.h"
#include "jose/public_key.h"

namespace gate::jose {
namespace {

using nlohmann::json;

// RFC 7517 A.2.
const json kEc{{"kty", "EC"},
               {"crv", "P-256"},
               {"x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"},
               {"y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
               {"d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}};
const json kRsa{
    {"kty", "RSA"},
    {"n",
     "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
     "BJECPebWKRXjBZCiFV4n3oknjhM"
     "stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
     "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5"
     "hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
     "kEgU8awapJzKnqDKgw"},
    {"e", "AQAB"},
    {"d",
     "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_"
     "YSfqij"
     "wp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_"
     "cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg"
     "1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"},
    {"p",
     "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-"
     "60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQy"
     "qVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs"},
    {"q",
     "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_"
     "NGEiovonizhKpo9VVS78TzF"
     "gxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk"},
    {"dp",
     "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_"
     "Nmt"
     "uYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0"},
    {"dq",
     "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_"
     "agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d"
     "9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk"},
    {"qi",
     "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_"
     "mHZGJ11r"
     "xyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU"}};

TEST(JwkPrivateKey, signs_as_its_public_half_says) {
  for (const json& jwk : {kEc, kRsa}) {
    const auto key = private_key_from_jwk(jwk.dump());
    ASSERT_TRUE(key) << key.error().why;
    json half = jwk;
    for (const char* secret : {"d", "p", "q", "dp", "dq", "qi"}) half.erase(secret);
    const auto jws = Jws::parse(sign(*key, {}, "x").value());
    EXPECT_TRUE(jws->verify(PublicKey::from_jwk(half.dump()).value()));
  }
}

TEST(JwkPrivateKey, is_refused_where_a_part_is_missing_or_of_another_key) {
  for (const json& whole : {kEc, kRsa}) {
    for (const auto& [name, value] : whole.items()) {
      json wrong = whole;
      wrong.erase(name);
      EXPECT_EQ(private_key_from_jwk(wrong.dump()).error().code, kBadJwk) << name;
      wrong[name] = 5;
      EXPECT_EQ(private_key_from_jwk(wrong.dump()).error().code, kBadJwk) << name;
      wrong[name] = "AQAC";
      EXPECT_EQ(private_key_from_jwk(wrong.dump()).error().code, kBadJwk) << name;
    }
  }
}

TEST(JwkPrivateKey, is_refused_where_it_is_no_key) {
  for (const std::string text : {"", "x", "[]", "{}", R"({"kty":"oct","k":"AAAA"})", R"({"kty":["RSA"]})"}) {
    EXPECT_EQ(private_key_from_jwk(text).error().code, kBadJwk) << text;
  }
  EXPECT_EQ(private_key_from_jwk(std::string(PublicKey::kJwkBytesMax + 1, ' ')).error().code, kBadJwk);
}

}  // namespace
}  // namespace gate::jose
