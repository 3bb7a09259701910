#include "dns/tsig.h"

#include <openssl/base64.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "base/text.h"
#include "dns/wire_writer.h"

namespace gate::dns {
namespace {

// RFC 8945 10: "a fudge value of 300 seconds is recommended".
constexpr std::uint16_t kFudgeSeconds = 300;
constexpr std::size_t kAdditionalCountAt = 10;
constexpr std::size_t kSecretBytesMin = 16;

constexpr std::array<std::string_view, 3> kAlgorithms{"hmac-sha256", "hmac-sha384", "hmac-sha512"};

const EVP_MD* digest_of(TsigAlgorithm algorithm) {
  switch (algorithm) {
    case TsigAlgorithm::kHmacSha256: return EVP_sha256();
    case TsigAlgorithm::kHmacSha384: return EVP_sha384();
    case TsigAlgorithm::kHmacSha512: break;
  }
  return EVP_sha512();
}

const std::uint8_t* native(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

std::string mac_of(std::string_view bytes, const TsigKey& key) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  GATE_CHECK(HMAC(digest_of(key.algorithm), key.secret.data(), key.secret.size(), native(bytes), bytes.size(),
                  mac.data(), &size) != nullptr);
  return std::string(base::as_text(std::as_bytes(std::span(mac)).first(size)));
}

Name algorithm_name(TsigAlgorithm algorithm) { return Name::parse(to_string(algorithm)).value_or(Name()); }

std::uint64_t seconds_of(base::WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

// RFC 8945 4.3.3: what of the record the MAC covers.
std::string variables_of(const Signature& signature) {
  WireWriter writer;
  writer.name(signature.key);
  writer.u16(static_cast<std::uint16_t>(Class::kAny));
  writer.u32(0);
  writer.name(signature.algorithm);
  writer.u48(signature.time);
  writer.u16(signature.fudge);
  writer.u16(static_cast<std::uint16_t>(signature.error));
  writer.string16(signature.other);
  return std::move(writer).bytes();
}

std::string record_of(const Signature& signature) {
  WireWriter data;
  data.name(signature.algorithm);
  data.u48(signature.time);
  data.u16(signature.fudge);
  data.string16(signature.mac);
  data.u16(signature.original_id);
  data.u16(static_cast<std::uint16_t>(signature.error));
  data.string16(signature.other);
  WireWriter record;
  record.name(signature.key);
  record.u16(static_cast<std::uint16_t>(Type::kTsig));
  record.u16(static_cast<std::uint16_t>(Class::kAny));
  record.u32(0);
  record.string16(data.bytes());
  return std::move(record).bytes();
}

void set_u16(std::string& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<char>(value >> 8U);
  bytes[at + 1] = static_cast<char>(value);
}

unsigned u16_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) << 8U | static_cast<unsigned char>(bytes[at + 1]);
}

bool same_secret_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view to_string(TsigAlgorithm algorithm) { return kAlgorithms[static_cast<std::size_t>(algorithm)]; }

std::optional<TsigAlgorithm> tsig_algorithm(std::string_view name) {
  const auto found = std::ranges::find(kAlgorithms, base::lowered(name));
  if (found == kAlgorithms.end()) return std::nullopt;
  return static_cast<TsigAlgorithm>(found - kAlgorithms.begin());
}

std::optional<std::string> tsig_secret(std::string_view base64) {
  std::size_t size = 0;
  if (!EVP_DecodedLength(&size, base64.size())) return std::nullopt;
  std::string secret(size, '\0');
  if (!EVP_DecodeBase64(reinterpret_cast<std::uint8_t*>(secret.data()), &size, size, native(base64), base64.size())) {
    return std::nullopt;
  }
  secret.resize(size);
  return size < kSecretBytesMin ? std::nullopt : std::optional(std::move(secret));
}

std::string sign(std::string& message, const TsigKey& key, base::WallTime now) {
  Signature signature{.key = key.name,
                      .algorithm = algorithm_name(key.algorithm),
                      .time = seconds_of(now),
                      .fudge = kFudgeSeconds,
                      .mac = {},
                      .original_id = static_cast<std::uint16_t>(u16_at(message, 0)),
                      .other = {}};
  signature.mac = mac_of(message + variables_of(signature), key);
  message += record_of(signature);
  set_u16(message, kAdditionalCountAt, u16_at(message, kAdditionalCountAt) + 1);
  return std::move(signature.mac);
}

Verdict verify(const Message& message, base::ByteView bytes, const TsigKey& key, std::string_view request_mac,
               base::WallTime now) {
  if (!message.signature || message.signature->mac.empty()) return Verdict::kUnsigned;
  const Signature& signature = *message.signature;
  const bool same_key = signature.key == key.name && signature.algorithm == algorithm_name(key.algorithm);
  if (!same_key) return Verdict::kForged;
  // RFC 8945 5.3.2, 4.3.2: the request's MAC, the message as it was before the record was added.
  WireWriter covered;
  covered.string16(request_mac);
  std::string unsigned_message(base::as_text(bytes.first(signature.begins)));
  set_u16(unsigned_message, 0, signature.original_id);
  set_u16(unsigned_message, kAdditionalCountAt, u16_at(unsigned_message, kAdditionalCountAt) - 1);
  covered.raw(unsigned_message);
  covered.raw(variables_of(signature));
  // A MAC that is cut (RFC 8945 5.2.2.1) is none to us.
  if (!same_secret_bytes(mac_of(covered.bytes(), key), signature.mac)) return Verdict::kForged;
  const std::uint64_t ours = seconds_of(now);
  const std::uint64_t apart = std::max(ours, signature.time) - std::min(ours, signature.time);
  return apart <= signature.fudge ? Verdict::kGood : Verdict::kStale;
}

std::optional<base::WallTime> server_time(const Signature& signature) {
  base::ByteReader reader(base::as_bytes(signature.other));
  const auto high = reader.u16();
  const auto low = reader.u32();
  if (signature.error != Rcode::kBadTime || !high || !low) return std::nullopt;
  // A wild value must not overflow the clock's own unit.
  constexpr std::uint64_t kLatest =
      std::chrono::floor<std::chrono::seconds>(base::WallTime::max()).time_since_epoch().count();
  const std::uint64_t seconds = std::uint64_t{*high} << 32U | *low;
  if (seconds > kLatest) return std::nullopt;
  return base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(std::chrono::seconds(seconds)));
}

}  // namespace gate::dns
