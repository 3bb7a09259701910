#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cert/private_key.h"

struct evp_pkey_st;

namespace gate::jose {

// The public half of a key that signs: ECDSA on P-256, or RSA of 2048 to 8192 bits. Move-only.
class PublicKey {
 public:
  // A longer text holds no such key.
  static constexpr std::size_t kJwkBytesMax = 8 * 1024;

  // Fails with kUnsupportedSigningKey for keys of other kinds.
  static base::Result<PublicKey> of(const cert::PrivateKey& key);

  // Reads a JSON Web Key (RFC 7517, RFC 7518 6.2 and 6.3). Fails with kBadJwk; a private key is refused too, for it is
  // none any more where it can be read.
  static base::Result<PublicKey> from_jwk(std::string_view json);

  // Its required members in the order and form that RFC 7638 3 hashes.
  std::string to_jwk() const;

  // RFC 7638: SHA-256 over that, in Base64url.
  std::string thumbprint() const;

  // DER SubjectPublicKeyInfo, as certificates have it.
  std::string info() const;

  bool is_rsa() const;
  evp_pkey_st* native() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit PublicKey(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace gate::jose
