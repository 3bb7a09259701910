#include "cert/signing_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {
namespace {

struct Extension {
  int nid;
  std::string value;
};

std::string request_for(EVP_PKEY* key, const std::vector<Extension>& extensions, EVP_PKEY* signer = nullptr) {
  bssl::UniquePtr<X509_REQ> req(X509_REQ_new());
  GATE_CHECK(X509_REQ_set_pubkey(req.get(), key));
  GATE_CHECK(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req.get()), "CN", MBSTRING_UTF8,
                                        native_data(base::as_bytes("Ann")), -1, -1, 0));
  bssl::UniquePtr<STACK_OF(X509_EXTENSION)> all(sk_X509_EXTENSION_new_null());
  for (const auto& each : extensions) {
    bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, nullptr, each.nid, each.value.c_str()));
    GATE_CHECK(extension && sk_X509_EXTENSION_push(all.get(), extension.release()));
  }
  GATE_CHECK(X509_REQ_add_extensions(req.get(), all.get()));
  GATE_CHECK(X509_REQ_sign(req.get(), signer == nullptr ? key : signer, EVP_sha256()) > 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(req.get(), &der);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

base::Result<SigningRequest> read(const std::string& der) {
  return SigningRequest::from_der(base::as_bytes(der), "test");
}

bssl::UniquePtr<EVP_PKEY> rsa_key(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  GATE_CHECK(BN_set_word(exponent.get(), RSA_F4) && RSA_generate_key_ex(rsa.get(), bits, exponent.get(), nullptr) &&
             EVP_PKEY_set1_RSA(key.get(), rsa.get()));
  return key;
}

TEST(SigningRequest, says_what_is_asked_for) {
  const PrivateKey key = PrivateKey::generate();
  const auto request = read(request_for(
      key.native(), {{NID_subject_alt_name, "DNS:A.test,DNS:*.b.test,IP:10.0.0.1,IP:fd00::1,email:ann@a.test"}}));
  ASSERT_TRUE(request.has_value()) << request.error().why;
  EXPECT_EQ(request->names, (std::vector<std::string>{"a.test", "*.b.test", "10.0.0.1", "fd00::1"}));
  EXPECT_EQ(request->mail_addresses, std::vector<std::string>{"ann@a.test"});
  EXPECT_EQ(request->common_name, "Ann");
  EXPECT_EQ(request->public_key_info, key.public_key_info());
  EXPECT_FALSE(request->asks_for_more);
}

TEST(SigningRequest, notices_what_a_leaf_never_has) {
  const PrivateKey key = PrivateKey::generate();
  const auto asks_for_more = [&](const Extension& extension) {
    return read(request_for(key.native(), {extension}))->asks_for_more;
  };
  EXPECT_TRUE(asks_for_more({NID_basic_constraints, "CA:TRUE"}));
  EXPECT_FALSE(asks_for_more({NID_basic_constraints, "CA:FALSE"}));
  EXPECT_FALSE(asks_for_more({NID_key_usage, "digitalSignature"}));
  EXPECT_TRUE(asks_for_more({NID_name_constraints, "permitted;DNS:a.test"}));
  EXPECT_TRUE(asks_for_more({NID_subject_alt_name, "URI:http://a.test/"}));
}

TEST(SigningRequest, is_refused_when_somebody_else_has_signed_it) {
  const PrivateKey key = PrivateKey::generate();
  const PrivateKey other = PrivateKey::generate();
  EXPECT_EQ(read(request_for(key.native(), {}, other.native())).error().code, kCannotReadRequest);
}

TEST(SigningRequest, is_refused_for_weak_and_for_oversized_keys) {
  const auto weak = rsa_key(1024);
  EXPECT_EQ(read(request_for(weak.get(), {})).error().code, kWeakKey);
  const auto good = rsa_key(2048);
  EXPECT_TRUE(read(request_for(good.get(), {})).has_value());
}

TEST(SigningRequest, is_refused_when_it_is_none) {
  const PrivateKey key = PrivateKey::generate();
  const std::string good = request_for(key.native(), {});
  EXPECT_EQ(read("").error().code, kCannotReadRequest);
  EXPECT_EQ(read(good + "x").error().code, kCannotReadRequest);
  for (std::size_t size = 1; size < good.size(); ++size) EXPECT_FALSE(read(good.substr(0, size)).has_value()) << size;
  EXPECT_EQ(read(std::string(SigningRequest::kBytesMax + 1, 'x')).error().code, kCannotReadRequest);
  EXPECT_EQ(SigningRequest::from_pem("nothing", "test").error().code, kCannotReadRequest);
}

}  // namespace
}  // namespace gate::cert
