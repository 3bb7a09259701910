#include "cert/rsa_key.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "cert/native.h"

namespace gate::cert {

PrivateKey generate_rsa_key() {
  constexpr int kBits = 2048;
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(rsa && exponent && bio && BN_set_word(exponent.get(), RSA_F4));
  GATE_CHECK(RSA_generate_key_ex(rsa.get(), kBits, exponent.get(), nullptr));
  GATE_CHECK(PEM_write_bio_RSAPrivateKey(bio.get(), rsa.get(), nullptr, nullptr, 0, nullptr, nullptr));
  auto key = PrivateKey::from_pem(text_of(bio.get()), "a fresh key");
  GATE_CHECK(key.has_value());
  return *std::move(key);
}

}  // namespace gate::cert
