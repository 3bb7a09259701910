#include "feature/acme_server/problem.h"

namespace gate::acme_server {

std::string_view to_string(ProblemType type) {
  switch (type) {
    case ProblemType::kAccountDoesNotExist: return "accountDoesNotExist";
    case ProblemType::kAlreadyReplaced: return "alreadyReplaced";
    case ProblemType::kAlreadyRevoked: return "alreadyRevoked";
    case ProblemType::kBadCsr: return "badCSR";
    case ProblemType::kBadNonce: return "badNonce";
    case ProblemType::kBadPublicKey: return "badPublicKey";
    case ProblemType::kBadRevocationReason: return "badRevocationReason";
    case ProblemType::kBadSignatureAlgorithm: return "badSignatureAlgorithm";
    case ProblemType::kConnection: return "connection";
    case ProblemType::kDns: return "dns";
    case ProblemType::kExternalAccountRequired: return "externalAccountRequired";
    case ProblemType::kIncorrectResponse: return "incorrectResponse";
    case ProblemType::kInvalidContact: return "invalidContact";
    case ProblemType::kMalformed: return "malformed";
    case ProblemType::kOrderNotReady: return "orderNotReady";
    case ProblemType::kRateLimited: return "rateLimited";
    case ProblemType::kRejectedIdentifier: return "rejectedIdentifier";
    case ProblemType::kServerInternal: return "serverInternal";
    case ProblemType::kTls: return "tls";
    case ProblemType::kUnauthorized: return "unauthorized";
    case ProblemType::kUnsupportedContact: return "unsupportedContact";
    case ProblemType::kUnsupportedIdentifier: return "unsupportedIdentifier";
  }
  return "serverInternal";
}

std::uint16_t status_of(const Problem& problem) {
  if (problem.status != 0) return problem.status;
  switch (problem.type) {
    case ProblemType::kAlreadyReplaced: return 409;
    case ProblemType::kExternalAccountRequired:
    case ProblemType::kOrderNotReady:
    case ProblemType::kRejectedIdentifier:
    case ProblemType::kUnauthorized: return 403;
    case ProblemType::kRateLimited: return 429;
    case ProblemType::kServerInternal: return 500;
    default: return 400;
  }
}

Problem internal_problem() { return {ProblemType::kServerInternal, "the server has a problem of its own; try later"}; }

}  // namespace gate::acme_server
