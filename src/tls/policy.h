#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tls/facts.h"

namespace gate::tls {

inline constexpr std::uint16_t kTls12 = 0x0303;
inline constexpr std::uint16_t kTls13 = 0x0304;

// What a site allows. The default is the safe one; docs/why/tls-policy.md gives the reasons.
struct Policy {
  std::uint16_t version_min = kTls12;
  bool http2 = true;        // offer h2 beside http/1.1
  bool http3 = true;        // answer over QUIC
  bool early_data = false;  // take 0-RTT there; whoever handles requests knows which are safe (RFC 8470)

  // A ticket resumes only under an equal scope and for the name it was made for (RFC 6066 3). Sites that ask for
  // client certificates put what they demand here, so that no ticket carries a client around a demand.
  std::string ticket_scope{};

  friend bool operator==(const Policy&, const Policy&) = default;
};

// The server's key exchange groups, best first (IANA numbers).
std::span<const std::uint16_t> groups();

// The suites, spelled as the TLS library wants them. TLS 1.2: the six of Mozilla's intermediate profile in the server's
// order. The library itself follows the client's order in TLS 1.3, so the server's first choice stands there alone, and
// the other lists are for the clients that it does not suit (see `SuiteChoice`).
inline constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
inline constexpr const char* kSuites12ChachaFirst =
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
inline constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256";
inline constexpr const char* kSuites13All =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// Key exchange groups, best first (IANA numbers). X25519MLKEM768 holds against quantum computers (FIPS 203) and costs
// little; P-256 and P-384 are for clients without X25519.
inline constexpr std::array<std::uint16_t, 4> kGroups = {0x11ec, 0x001d, 0x0017, 0x0018};

// Signature schemes by key, best first. Nothing over SHA-1.
inline constexpr std::array<std::uint16_t, 3> kEcdsaSchemes = {0x0403, 0x0503, 0x0603};
inline constexpr std::array<std::uint16_t, 6> kRsaSchemes = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601};

// The policy in words for people, one fact a line: versions, suites, groups, signature schemes, protocols, tickets.
std::string expand(const Policy& policy);

}  // namespace gate::tls
