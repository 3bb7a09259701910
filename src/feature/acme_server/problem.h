#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gate::acme_server {

// What an error is called (RFC 8555 6.7, RFC 9773 7.4), behind "urn:ietf:params:acme:error:".
enum class ProblemType : std::uint8_t {
  kAccountDoesNotExist,
  kAlreadyReplaced,
  kAlreadyRevoked,
  kBadCsr,
  kBadNonce,
  kBadPublicKey,
  kBadRevocationReason,
  kBadSignatureAlgorithm,
  kConnection,
  kDns,
  kExternalAccountRequired,
  kIncorrectResponse,
  kInvalidContact,
  kMalformed,
  kOrderNotReady,
  kRateLimited,
  kRejectedIdentifier,
  kServerInternal,
  kTls,
  kUnauthorized,
  kUnsupportedContact,
  kUnsupportedIdentifier,
};

// An error as clients get it (RFC 9457).
struct Problem {
  ProblemType type = ProblemType::kMalformed;
  std::string detail{};
  std::uint16_t status = 0;  // 0: the usual one of its type

  friend bool operator==(const Problem&, const Problem&) = default;
};

// "badNonce".
std::string_view to_string(ProblemType type);
std::uint16_t status_of(const Problem& problem);

// Our own trouble: what it is, is for the log, not for clients.
Problem internal_problem();

}  // namespace gate::acme_server
