#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "dns/message.h"
#include "dns/name.h"

namespace gate::dns {

// RFC 8945 6, without those it calls broken.
enum class TsigAlgorithm : std::uint8_t { kHmacSha256, kHmacSha384, kHmacSha512 };

// "hmac-sha256" and its like.
std::string_view to_string(TsigAlgorithm algorithm);
std::optional<TsigAlgorithm> tsig_algorithm(std::string_view name);

// A secret that we share with a server, known to both by its name. Never printed.
struct TsigKey {
  Name name;
  TsigAlgorithm algorithm = TsigAlgorithm::kHmacSha256;
  std::string secret;  // the bytes, not their base64
};

// The bytes that the base64 text of a key file stands for; nothing where it is none, or has less than 16 bytes, which
// is no secret.
std::optional<std::string> tsig_secret(std::string_view base64);

// Signs an encoded message: adds the record to it. Returns the MAC, which the answer's signature covers as well.
std::string sign(std::string& message, const TsigKey& key, base::WallTime now);

// What an answer's signature is worth.
enum class Verdict : std::uint8_t {
  kGood,
  kUnsigned,  // there is none, or one without a MAC, as servers say that they do not know the key
  kForged,    // it does not fit
  kStale,     // it fits, but its time is not ours
};

// Judges the answer to a message that was signed with `key` and has `request_mac`. `message` is `bytes`, decoded.
Verdict verify(const Message& message, base::ByteView bytes, const TsigKey& key, std::string_view request_mac,
               base::WallTime now);

// The time of the server that answered BADTIME (RFC 8945 5.2.3).
std::optional<base::WallTime> server_time(const Signature& signature);

}  // namespace gate::dns
