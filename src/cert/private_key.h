#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;

namespace gate::cert {

enum class KeyType : std::uint8_t { kEcdsaP256, kEcdsaP384, kEcdsaP521, kRsa, kOther };

// "ECDSA P-256", "RSA".
std::string_view to_string(KeyType type);

// A private key held in memory. Move-only; the library wipes the key when it is destroyed.
class PrivateKey {
 public:
  // A fresh ECDSA P-256 key.
  static PrivateKey generate();

  // Reads the first private key of `pem`: PKCS#8, SEC 1 or PKCS#1, unencrypted. `origin` names the source in
  // errors. Refused: encrypted keys, RSA below 2048 bits, anything but RSA and the NIST curves P-256, P-384, P-521.
  static base::Result<PrivateKey> from_pem(std::string_view pem, std::string_view origin);

  // The key as unencrypted PKCS#8 PEM. The caller guards the text.
  std::string to_pem() const;

  // The same key in memory of its own, so that two workers never touch one reference count.
  PrivateKey clone() const;

  KeyType type() const;
  unsigned bits() const;

  // The DER SubjectPublicKeyInfo (RFC 5280 4.1).
  std::string public_key_info() const;

  evp_pkey_st* native() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit PrivateKey(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace gate::cert
