#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cert/private_key.h"
#include "jose/public_key.h"

namespace gate::jose {

enum class Algorithm : std::uint8_t { kEs256, kRs256, kHs256 };

// "ES256": RFC 7518 3.1.
std::string_view to_string(Algorithm algorithm);

// What ACME's messages say beside their algorithm (RFC 8555 6.2); empty members are left out.
struct JwsHeader {
  std::string url;
  std::string nonce;
  std::string key_id;  // "kid"
  std::string jwk;     // JSON
};

// A message signed by RFC 7515: flattened JSON, with a protected header only.
struct Jws {
  // A longer one is no message of this protocol.
  static constexpr std::size_t kBytesMax = 256 * 1024;

  Algorithm algorithm = Algorithm::kEs256;
  JwsHeader header;
  std::string payload;
  std::string signed_text;  // what the signature is over
  std::vector<std::byte> signature;

  // Fails with kBadJws, and with kUnsupportedAlgorithm where nothing else is wrong so far; what the signature is worth
  // is verify()'s. Headers with `crit`, and messages with unprotected headers (RFC 8555 6.2), are refused.
  static base::Result<Jws> parse(std::string_view json);

  // Whether `key` signed it; kWrongSignature where it did not, or the algorithm is not the key's.
  base::Result<void> verify(const PublicKey& key) const;
  // The same by HS256, with a secret that both sides know.
  base::Result<void> verify(base::ByteView secret) const;
};

// `payload` signed by ES256 or RS256, as the key is.
base::Result<std::string> sign(const cert::PrivateKey& key, const JwsHeader& header, std::string_view payload);

// `payload` signed by HS256.
std::string sign_by_secret(base::ByteView secret, const JwsHeader& header, std::string_view payload);

}  // namespace gate::jose
