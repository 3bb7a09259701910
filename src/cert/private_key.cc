#include "cert/private_key.h"

#include <fmt/format.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr unsigned kRsaBitsMin = 2048;  // NIST SP 800-131A; browsers refuse less

// Encrypted keys cannot be used without a person at the keyboard, so the password is never asked for.
int refuse_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

base::Result<void> judge(const PrivateKey& key, std::string_view origin) {
  if (key.type() == KeyType::kOther) {
    return base::fail({.code = kUnsupportedKey,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("cannot use the private key in {}", origin),
                       .why = "it is neither an ECDSA key on P-256, P-384 or P-521 nor an RSA key",
                       .fix = "use an ECDSA P-256 key: openssl ecparam -name prime256v1 -genkey -noout"});
  }
  if (key.type() == KeyType::kRsa && key.bits() < kRsaBitsMin) {
    return base::fail(
        {.code = kWeakKey,
         .side = base::Side::kConfiguration,
         .what = fmt::format("the private key in {} is too weak", origin),
         .why = fmt::format("it is RSA with {} bits; clients refuse less than {}", key.bits(), kRsaBitsMin),
         .fix = "have the certificate issued again for an ECDSA P-256 key"});
  }
  return {};
}

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256: return "ECDSA P-256";
    case KeyType::kEcdsaP384: return "ECDSA P-384";
    case KeyType::kEcdsaP521: return "ECDSA P-521";
    case KeyType::kRsa: return "RSA";
    case KeyType::kOther: return "other";
  }
  return "other";
}

KeyType key_type_of(const evp_pkey_st* key) {
  if (EVP_PKEY_id(key) == EVP_PKEY_RSA) return KeyType::kRsa;
  if (EVP_PKEY_id(key) != EVP_PKEY_EC) return KeyType::kOther;
  switch (EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)))) {
    case NID_X9_62_prime256v1: return KeyType::kEcdsaP256;
    case NID_secp384r1: return KeyType::kEcdsaP384;
    case NID_secp521r1: return KeyType::kEcdsaP521;
    default: return KeyType::kOther;
  }
}

std::string public_key_info_of(const evp_pkey_st* key) {
  bssl::ScopedCBB out;
  GATE_CHECK(CBB_init(out.get(), 128) && EVP_marshal_public_key(out.get(), key) && CBB_flush(out.get()));
  return std::string(base::as_text(native_bytes(CBB_data(out.get()), CBB_len(out.get()))));
}

void PrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

PrivateKey PrivateKey::generate() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  GATE_CHECK(ec && key && EC_KEY_generate_key(ec.get()) && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()));
  return PrivateKey(key.release());
}

base::Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, std::string_view origin) {
  const auto bio = bio_reading(pem);
  bool asked_for_password = false;
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, &asked_for_password));
  if (key.key_ == nullptr) {
    const std::string reason = last_library_reason();
    return base::fail({.code = kCannotParseKey,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("cannot read a private key from {}", origin),
                       .why = asked_for_password ? "the key is encrypted with a password" : reason,
                       .fix = asked_for_password ? "decrypt it: openssl pkey -in ENCRYPTED -out PLAIN"
                                                 : "the file must hold a PEM block \"PRIVATE KEY\""});
  }
  GATE_TRY(judge(key, origin));
  return key;
}

std::string PrivateKey::to_pem() const {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr));
  return text_of(bio.get());
}

PrivateKey PrivateKey::clone() const {
  bssl::ScopedCBB out;
  GATE_CHECK(CBB_init(out.get(), 256) && EVP_marshal_private_key(out.get(), key_.get()) && CBB_flush(out.get()));
  CBS in;
  CBS_init(&in, CBB_data(out.get()), CBB_len(out.get()));
  PrivateKey copy(EVP_parse_private_key(&in));
  GATE_CHECK(copy.key_ != nullptr);
  OPENSSL_cleanse(const_cast<std::uint8_t*>(CBB_data(out.get())), CBB_len(out.get()));
  return copy;
}

KeyType PrivateKey::type() const { return key_type_of(key_.get()); }

unsigned PrivateKey::bits() const { return static_cast<unsigned>(EVP_PKEY_bits(key_.get())); }

std::string PrivateKey::public_key_info() const { return public_key_info_of(key_.get()); }

}  // namespace gate::cert
