#include "jose/private_key.h"

#include <nlohmann/json.hpp>
#include <openssl/base.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "jose/base64url.h"
#include "jose/codes.h"
#include "jose/public_key.h"

namespace gate::jose {
namespace {

using Key = bssl::UniquePtr<EVP_PKEY>;
using Number = bssl::UniquePtr<BIGNUM>;

constexpr std::size_t kNumberBytesMax = 1024;  // a modulus of 8192 bits
constexpr unsigned kRsaBitsMin = 2048;

std::unexpected<base::Error> bad(std::string_view why) {
  ERR_clear_error();
  return base::fail({.code = kBadJwk, .what = "a private JSON Web Key cannot be used", .why = std::string(why)});
}

// Null where the key has no such member, or it is no number of a size that makes sense.
Number number_in(const nlohmann::json& key, const char* name) {
  const auto member = key.find(name);
  if (member == key.end() || !member->is_string()) return nullptr;
  auto bytes = from_base64url(member->get_ref<const std::string&>());
  if (!bytes || bytes->empty() || bytes->size() > kNumberBytesMax) return nullptr;
  Number number(BN_bin2bn(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size(), nullptr));
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return number;
}

base::Result<Key> read_ec(const nlohmann::json& key) {
  const auto curve = key.find("crv");
  if (curve == key.end() || *curve != "P-256") return bad("its curve is not P-256");
  const Number x = number_in(key, "x");
  const Number y = number_in(key, "y");
  const Number d = number_in(key, "d");
  if (!x || !y || !d) return bad("a part of it is missing or malformed");
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bool is_whole = EC_KEY_set_public_key_affine_coordinates(ec.get(), x.get(), y.get()) == 1 &&
                        EC_KEY_set_private_key(ec.get(), d.get()) == 1 && EC_KEY_check_key(ec.get()) == 1;
  if (!is_whole) return bad("its parts do not belong together");
  Key made(EVP_PKEY_new());
  GATE_CHECK(EVP_PKEY_set1_EC_KEY(made.get(), ec.get()) == 1);
  return made;
}

base::Result<Key> read_rsa(const nlohmann::json& key) {
  std::array<Number, 8> parts;
  std::size_t index = 0;
  for (const char* name : {"n", "e", "d", "p", "q", "dp", "dq", "qi"}) {
    parts.at(index) = number_in(key, name);
    if (!parts.at(index++)) return bad("a part of it is missing or malformed");
  }
  const auto& [n, e, d, p, q, dp, dq, qi] = parts;
  const bssl::UniquePtr<RSA> rsa(
      RSA_new_private_key(n.get(), e.get(), d.get(), p.get(), q.get(), dp.get(), dq.get(), qi.get()));
  if (!rsa || RSA_check_key(rsa.get()) != 1) return bad("its parts do not belong together");
  if (RSA_bits(rsa.get()) < kRsaBitsMin) return bad("it has less than 2048 bits");
  Key made(EVP_PKEY_new());
  GATE_CHECK(EVP_PKEY_set1_RSA(made.get(), rsa.get()) == 1);
  return made;
}

std::string pem_of(EVP_PKEY* key) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  GATE_CHECK(PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  GATE_CHECK(BIO_mem_contents(memory.get(), &data, &size) == 1);
  return std::string(base::as_text(std::as_bytes(std::span(data, size))));
}

}  // namespace

base::Result<cert::PrivateKey> private_key_from_jwk(std::string_view json) {
  if (json.size() > PublicKey::kJwkBytesMax) return bad("it is too long");
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return bad("it is no JSON object");
  const auto kind = parsed.find("kty");
  if (kind == parsed.end() || (*kind != "EC" && *kind != "RSA")) return bad("its kind is neither EC nor RSA");
  GATE_TRY_ASSIGN(const Key key, *kind == "EC" ? read_ec(parsed) : read_rsa(parsed));
  std::string pem = pem_of(key.get());
  auto read = cert::PrivateKey::from_pem(pem, "a JSON Web Key");
  OPENSSL_cleanse(pem.data(), pem.size());
  return read;
}

}  // namespace gate::jose
