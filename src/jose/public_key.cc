#include "jose/public_key.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"
#include "jose/base64url.h"
#include "jose/codes.h"
#include "jose/digest.h"

namespace gate::jose {
namespace {

constexpr std::size_t kCoordinateBytes = 32;
constexpr unsigned kRsaBitsMin = 2048;
constexpr unsigned kRsaBitsMax = 8192;  // more costs the verifier time that the signer chooses

using Number = bssl::UniquePtr<BIGNUM>;

std::unexpected<base::Error> bad(std::string_view why) {
  return base::fail(
      {.code = kBadJwk, .side = base::Side::kClient, .what = "a JSON Web Key cannot be used", .why = std::string(why)});
}

std::string text_of(const BIGNUM* number, std::size_t bytes) {
  std::vector<std::byte> written(bytes);
  GATE_CHECK(BN_bn2bin_padded(reinterpret_cast<std::uint8_t*>(written.data()), written.size(), number) == 1);
  return to_base64url(written);
}

std::optional<std::vector<std::byte>> bytes_of(const nlohmann::json& key, const char* name) {
  const auto member = key.find(name);
  if (member == key.end() || !member->is_string()) return std::nullopt;
  return from_base64url(member->get_ref<const std::string&>());
}

Number number_of(const std::vector<std::byte>& bytes) {
  return Number(BN_bin2bn(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), nullptr));
}

// RFC 7518 6.2.1.2: "The length of this octet string MUST be the full size of a coordinate for the curve".
base::Result<EVP_PKEY*> read_ec(const nlohmann::json& key) {
  if (key.value("crv", "") != "P-256") return bad("its curve is not P-256");
  const auto x = bytes_of(key, "x");
  const auto y = bytes_of(key, "y");
  if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) {
    return bad("its coordinates are not 32 bytes each");
  }
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  if (EC_KEY_set_public_key_affine_coordinates(ec.get(), number_of(*x).get(), number_of(*y).get()) != 1) {
    return bad("it is no point on the curve");
  }
  EVP_PKEY* made = EVP_PKEY_new();
  GATE_CHECK(EVP_PKEY_set1_EC_KEY(made, ec.get()) == 1);
  return made;
}

base::Result<EVP_PKEY*> read_rsa(const nlohmann::json& key) {
  const auto n = bytes_of(key, "n");
  const auto e = bytes_of(key, "e");
  if (!n || !e || n->empty() || e->empty() || n->size() * 8 > kRsaBitsMax || e->size() > sizeof(std::uint32_t)) {
    return bad("its modulus or exponent is missing or too large");
  }
  const bssl::UniquePtr<RSA> rsa(RSA_new_public_key(number_of(*n).get(), number_of(*e).get()));
  if (!rsa) return bad("its modulus and exponent are no RSA key");
  if (RSA_bits(rsa.get()) < kRsaBitsMin) return bad("it has less than 2048 bits");
  EVP_PKEY* made = EVP_PKEY_new();
  GATE_CHECK(EVP_PKEY_set1_RSA(made, rsa.get()) == 1);
  return made;
}

}  // namespace

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

base::Result<PublicKey> PublicKey::of(const cert::PrivateKey& key) {
  if (key.type() != cert::KeyType::kEcdsaP256 && key.type() != cert::KeyType::kRsa) {
    return base::fail({.code = kUnsupportedSigningKey,
                       .side = base::Side::kConfiguration,
                       .what = "a key cannot sign messages to a certificate authority",
                       .why = fmt::format("it is neither ECDSA P-256 nor RSA but {}", cert::to_string(key.type()))});
  }
  const std::string info = key.public_key_info();
  const auto* data = reinterpret_cast<const std::uint8_t*>(info.data());
  PublicKey read(d2i_PUBKEY(nullptr, &data, static_cast<long>(info.size())));
  GATE_CHECK(read.native() != nullptr);
  return read;
}

base::Result<PublicKey> PublicKey::from_jwk(std::string_view json) {
  if (json.size() > kJwkBytesMax) return bad("it is too long");
  const auto key = nlohmann::json::parse(json, nullptr, false);
  if (!key.is_object()) return bad("it is no JSON object");
  const auto kind = key.find("kty");
  if (kind == key.end() || !kind->is_string()) return bad("it does not say its kind");
  if (const auto curve = key.find("crv"); curve != key.end() && !curve->is_string())
    return bad("its curve has no name");
  if (key.contains("d")) return bad("it is a private key");
  if (*kind != "EC" && *kind != "RSA") return bad("its kind is neither EC nor RSA");
  GATE_TRY_ASSIGN(EVP_PKEY * made, *kind == "EC" ? read_ec(key) : read_rsa(key));
  return PublicKey(made);
}

bool PublicKey::is_rsa() const { return EVP_PKEY_id(key_.get()) == EVP_PKEY_RSA; }

// RFC 7638 3: "containing only the required members [...] with no whitespace or line breaks [...] and with the required
// members ordered lexicographically".
std::string PublicKey::to_jwk() const {
  if (is_rsa()) {
    const RSA* rsa = EVP_PKEY_get0_RSA(key_.get());
    const BIGNUM* n = RSA_get0_n(rsa);
    const BIGNUM* e = RSA_get0_e(rsa);
    return fmt::format(R"({{"e":"{}","kty":"RSA","n":"{}"}})", text_of(e, BN_num_bytes(e)),
                       text_of(n, BN_num_bytes(n)));
  }
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key_.get());
  const Number x(BN_new());
  const Number y(BN_new());
  GATE_CHECK(EC_POINT_get_affine_coordinates_GFp(EC_KEY_get0_group(ec), EC_KEY_get0_public_key(ec), x.get(), y.get(),
                                                 nullptr) == 1);
  return fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", text_of(x.get(), kCoordinateBytes),
                     text_of(y.get(), kCoordinateBytes));
}

std::string PublicKey::info() const { return cert::public_key_info_of(key_.get()); }

std::string PublicKey::thumbprint() const { return to_base64url(sha256(base::as_bytes(to_jwk()))); }

}  // namespace gate::jose
