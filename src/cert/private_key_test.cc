#include "cert/private_key.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {
namespace {

bssl::UniquePtr<RSA> rsa_of(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  GATE_CHECK(BN_set_word(exponent.get(), RSA_F4) && RSA_generate_key_ex(rsa.get(), bits, exponent.get(), nullptr));
  return rsa;
}

std::string pkcs1(RSA* rsa) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(PEM_write_bio_RSAPrivateKey(bio.get(), rsa, nullptr, nullptr, 0, nullptr, nullptr));
  return text_of(bio.get());
}

std::string sec1(int curve) {
  bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(curve));
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(EC_KEY_generate_key(key.get()));
  GATE_CHECK(PEM_write_bio_ECPrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr));
  return text_of(bio.get());
}

std::string ed25519() {
  bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  GATE_CHECK(EVP_PKEY_keygen_init(context.get()) && EVP_PKEY_keygen(context.get(), &key));
  bssl::UniquePtr<EVP_PKEY> owned(key);
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
  return text_of(bio.get());
}

std::string encrypted() {
  const PrivateKey key = PrivateKey::generate();
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.native(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr));
  return text_of(bio.get());
}

TEST(PrivateKey, survives_the_way_through_pem) {
  const PrivateKey key = PrivateKey::generate();
  const auto again = PrivateKey::from_pem(key.to_pem(), "here");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->public_key_info(), key.public_key_info());
  EXPECT_EQ(again->type(), KeyType::kEcdsaP256);
}

TEST(PrivateKey, reads_pkcs1_and_sec1) {
  const auto rsa = PrivateKey::from_pem(pkcs1(rsa_of(2048).get()), "here");
  ASSERT_TRUE(rsa.has_value());
  EXPECT_EQ(rsa->type(), KeyType::kRsa);
  EXPECT_EQ(rsa->bits(), 2048U);
  EXPECT_EQ(PrivateKey::from_pem(sec1(NID_X9_62_prime256v1), "here")->type(), KeyType::kEcdsaP256);
  EXPECT_EQ(PrivateKey::from_pem(sec1(NID_secp384r1), "here")->type(), KeyType::kEcdsaP384);
}

TEST(PrivateKey, clones_into_memory_of_its_own) {
  const PrivateKey key = PrivateKey::generate();
  const PrivateKey copy = key.clone();
  EXPECT_NE(copy.native(), key.native());
  EXPECT_EQ(copy.public_key_info(), key.public_key_info());
}

TEST(PrivateKey, refuses_rsa_below_2048_bits) {
  EXPECT_EQ(PrivateKey::from_pem(pkcs1(rsa_of(1024).get()), "here").error().code, kWeakKey);
}

TEST(PrivateKey, refuses_algorithms_that_browsers_do_not_speak) {
  EXPECT_EQ(PrivateKey::from_pem(ed25519(), "here").error().code, kUnsupportedKey);
}

TEST(PrivateKey, says_that_a_key_is_encrypted) {
  const auto key = PrivateKey::from_pem(encrypted(), "here");
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().code, kCannotParseKey);
  EXPECT_NE(key.error().why.find("encrypted"), std::string::npos);
}

TEST(PrivateKey, refuses_text_without_a_key) {
  EXPECT_EQ(PrivateKey::from_pem("", "here").error().code, kCannotParseKey);
  EXPECT_EQ(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "here").error().code,
            kCannotParseKey);
}

}  // namespace
}  // namespace gate::cert
