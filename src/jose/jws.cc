#include "jose/jws.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "jose/base64url.h"
#include "jose/codes.h"
#include "jose/digest.h"

namespace gate::jose {
namespace {

using nlohmann::json;
using Digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

// RFC 7518 3.4: R and S, 32 bytes each, one after the other.
constexpr std::size_t kHalfBytes = 32;

using EcSignature = bssl::UniquePtr<ECDSA_SIG>;
using DigestContext = bssl::UniquePtr<EVP_MD_CTX>;

const std::uint8_t* octets(base::ByteView bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
std::uint8_t* octets(std::span<std::byte> bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

Digest hmac(base::ByteView secret, std::string_view text) {
  Digest digest;
  unsigned size = 0;
  GATE_CHECK(HMAC(EVP_sha256(), secret.data(), secret.size(), octets(base::as_bytes(text)), text.size(), digest.data(),
                  &size) != nullptr);
  return digest;
}

std::unexpected<base::Error> bad(std::string_view why) {
  return base::fail(
      {.code = kBadJws, .side = base::Side::kClient, .what = "a signed message is malformed", .why = std::string(why)});
}

std::unexpected<base::Error> unsupported(std::string_view algorithm) {
  return base::fail({.code = kUnsupportedAlgorithm,
                     .side = base::Side::kClient,
                     .what = "a signed message cannot be verified",
                     .why = fmt::format("its algorithm {} is none of ES256, RS256 and HS256", algorithm)});
}

std::unexpected<base::Error> wrong(std::string_view why) {
  return base::fail({.code = kWrongSignature,
                     .side = base::Side::kClient,
                     .what = "the signature of a message is not accepted",
                     .why = std::string(why)});
}

std::string header_text(Algorithm algorithm, const JwsHeader& header) {
  json made{{"alg", to_string(algorithm)}};
  if (!header.url.empty()) made["url"] = header.url;
  if (!header.nonce.empty()) made["nonce"] = header.nonce;
  if (!header.key_id.empty()) made["kid"] = header.key_id;
  if (!header.jwk.empty()) made["jwk"] = json::parse(header.jwk, nullptr, false);
  return made.dump(-1, ' ', false, json::error_handler_t::replace);
}

// RFC 7515 5.1: the two parts that are signed, encoded.
struct Parts {
  Parts(Algorithm algorithm, const JwsHeader& header, std::string_view payload)
      : protected_header(to_base64url(base::as_bytes(header_text(algorithm, header)))),
        encoded_payload(to_base64url(base::as_bytes(payload))) {}
  std::string text() const { return fmt::format("{}.{}", protected_header, encoded_payload); }

  // RFC 7515 7.2.2.
  std::string with(base::ByteView signature) const {
    return fmt::format(R"({{"protected":"{}","payload":"{}","signature":"{}"}})", protected_header, encoded_payload,
                       to_base64url(signature));
  }

  std::string protected_header;
  std::string encoded_payload;
};

std::vector<std::byte> sign_by_ecdsa(const cert::PrivateKey& key, std::string_view text) {
  const auto digest = sha256(base::as_bytes(text));
  const EcSignature made(ECDSA_do_sign(octets(digest), digest.size(), EVP_PKEY_get0_EC_KEY(key.native())));
  GATE_CHECK(made);
  std::vector<std::byte> signature(2 * kHalfBytes);
  const auto halves = std::span(signature);
  GATE_CHECK(BN_bn2bin_padded(octets(halves.first(kHalfBytes)), kHalfBytes, ECDSA_SIG_get0_r(made.get())) == 1);
  GATE_CHECK(BN_bn2bin_padded(octets(halves.last(kHalfBytes)), kHalfBytes, ECDSA_SIG_get0_s(made.get())) == 1);
  return signature;
}

std::vector<std::byte> sign_by_rsa(const cert::PrivateKey& key, std::string_view text) {
  const DigestContext context(EVP_MD_CTX_new());
  GATE_CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) == 1);
  std::vector<std::byte> signature(static_cast<std::size_t>(EVP_PKEY_size(key.native())));
  std::size_t size = signature.size();
  GATE_CHECK(EVP_DigestSign(context.get(), octets(std::span(signature)), &size, octets(base::as_bytes(text)),
                            text.size()) == 1);
  signature.resize(size);
  return signature;
}

bool is_signed_by_ecdsa(const Jws& jws, const PublicKey& key) {
  if (jws.signature.size() != 2 * kHalfBytes) return false;
  const auto halves = base::ByteView(jws.signature);
  const EcSignature given(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(octets(halves.first(kHalfBytes)), kHalfBytes, nullptr);
  BIGNUM* s = BN_bin2bn(octets(halves.last(kHalfBytes)), kHalfBytes, nullptr);
  GATE_CHECK(ECDSA_SIG_set0(given.get(), r, s) == 1);
  const auto digest = sha256(base::as_bytes(jws.signed_text));
  return ECDSA_do_verify(octets(digest), digest.size(), given.get(), EVP_PKEY_get0_EC_KEY(key.native())) == 1;
}

bool is_signed_by_rsa(const Jws& jws, const PublicKey& key) {
  const DigestContext context(EVP_MD_CTX_new());
  const auto text = base::as_bytes(jws.signed_text);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) == 1 &&
         EVP_DigestVerify(context.get(), octets(jws.signature), jws.signature.size(), octets(text), text.size()) == 1;
}

// A member of `object` that is a text; empty where there is none.
base::Result<std::string> text_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return std::string();
  if (!member->is_string()) return bad(fmt::format("\"{}\" is no text", name));
  return member->get<std::string>();
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const auto algorithm : {Algorithm::kEs256, Algorithm::kRs256, Algorithm::kHs256}) {
    if (name == to_string(algorithm)) return algorithm;
  }
  return std::nullopt;
}

// Of a key only what is text: nothing else says what it is, and what is nested without end would be written so again.
std::string key_text(const json& jwk) {
  json kept = json::object();
  for (const auto& [name, value] : jwk.items()) {
    if (value.is_string()) kept[name] = value;
  }
  return kept.dump();
}

base::Result<void> read_header(std::string_view text, Jws& jws) {
  const json header = json::parse(text, nullptr, false);
  if (!header.is_object()) return bad("its protected header is no JSON object");
  // RFC 7515 4.1.11: extensions that must be understood; there is none that we do.
  if (header.contains("crit")) return bad("its header demands an extension");
  GATE_TRY_ASSIGN(const std::string name, text_member(header, "alg"));
  if (name.empty()) return bad("its header names no algorithm");
  const auto algorithm = algorithm_named(name);
  if (!algorithm) return unsupported(name);
  jws.algorithm = *algorithm;
  GATE_TRY_ASSIGN(jws.header.url, text_member(header, "url"));
  GATE_TRY_ASSIGN(jws.header.nonce, text_member(header, "nonce"));
  GATE_TRY_ASSIGN(jws.header.key_id, text_member(header, "kid"));
  if (const auto jwk = header.find("jwk"); jwk != header.end()) {
    if (!jwk->is_object()) return bad("its key is no JSON object");
    jws.header.jwk = key_text(*jwk);
  }
  return {};
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256: return "ES256";
    case Algorithm::kRs256: return "RS256";
    case Algorithm::kHs256: return "HS256";
  }
  return "";
}

base::Result<Jws> Jws::parse(std::string_view text) {
  if (text.size() > kBytesMax) return bad("it is too long");
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return bad("it is no JSON object");
  if (message.contains("header") || message.contains("signatures")) return bad("it has more than one protected header");
  GATE_TRY_ASSIGN(const std::string header, text_member(message, "protected"));
  GATE_TRY_ASSIGN(const std::string payload, text_member(message, "payload"));
  GATE_TRY_ASSIGN(const std::string signature, text_member(message, "signature"));
  const auto header_bytes = from_base64url(header);
  const auto payload_bytes = from_base64url(payload);
  auto signature_bytes = from_base64url(signature);
  if (!header_bytes || !payload_bytes || !signature_bytes) return bad("a part of it is no Base64url");
  Jws jws;
  GATE_TRY(read_header(base::as_text(*header_bytes), jws));
  jws.payload = std::string(base::as_text(*payload_bytes));
  jws.signed_text = fmt::format("{}.{}", header, payload);
  jws.signature = *std::move(signature_bytes);
  return jws;
}

base::Result<void> Jws::verify(const PublicKey& key) const {
  if (algorithm != (key.is_rsa() ? Algorithm::kRs256 : Algorithm::kEs256)) {
    return wrong(fmt::format("{} is not the algorithm of the key", to_string(algorithm)));
  }
  if (!(key.is_rsa() ? is_signed_by_rsa(*this, key) : is_signed_by_ecdsa(*this, key))) {
    return wrong("another key signed it, or it was changed");
  }
  return {};
}

base::Result<void> Jws::verify(base::ByteView secret) const {
  if (algorithm != Algorithm::kHs256) return wrong(fmt::format("it is signed by {}, not HS256", to_string(algorithm)));
  const Digest expected = hmac(secret, signed_text);
  const bool equal =
      signature.size() == expected.size() && CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  if (!equal) return wrong("another secret signed it, or it was changed");
  return {};
}

base::Result<std::string> sign(const cert::PrivateKey& key, const JwsHeader& header, std::string_view payload) {
  GATE_TRY_ASSIGN(const PublicKey half, PublicKey::of(key));
  const Parts parts(half.is_rsa() ? Algorithm::kRs256 : Algorithm::kEs256, header, payload);
  return parts.with(half.is_rsa() ? sign_by_rsa(key, parts.text()) : sign_by_ecdsa(key, parts.text()));
}

std::string sign_by_secret(base::ByteView secret, const JwsHeader& header, std::string_view payload) {
  const Parts parts(Algorithm::kHs256, header, payload);
  const Digest digest = hmac(secret, parts.text());
  return parts.with(std::as_bytes(std::span(digest)));
}

}  // namespace gate::jose
