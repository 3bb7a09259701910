#include "acme/revocation.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "acme/codes.h"
#include "base/bytes.h"
#include "jose/base64url.h"
#include "jose/public_key.h"

namespace gate::acme {
namespace {

using nlohmann::json;

base::Error not_offered(const Authority& authority) {
  return {.code = kNotOffered,
          .side = base::Side::kUpstream,
          .what = fmt::format("{} does not revoke certificates by ACME", authority.host()),
          .why = "its directory has no URL for it",
          .fix = "ask the authority itself"};
}

// The texts of problems are about proofs of names elsewhere.
Failure explained(Failure failure, const Authority& authority) {
  if (failure.kind != FailureKind::kRefused) return failure;
  failure.error.code = kNotRevoked;
  failure.error.what = fmt::format("{} does not revoke the certificate", authority.host());
  failure.error.fix = "was it issued there?";
  return failure;
}

}  // namespace

Revocation::Revocation(Authority& authority, RevocationSettings settings, Done done)
    : authority_(authority),
      settings_(std::move(settings)),
      key_can_sign_(jose::PublicKey::of(settings_.key).has_value()),
      done_(std::move(done)),
      request_(authority.channel()) {}

void Revocation::opened(const Outcome<>& outcome) {
  if (authority_.directory().revoke_certificate.empty())
    return conclude(outcome ? std::unexpected(our_failure(not_offered(authority_))) : outcome);
  const bool is_compromised = settings_.reason == cert::RevocationReason::kKeyCompromise;
  if (key_can_sign_ && (is_compromised || !outcome)) return ask({settings_.key}, &Revocation::conclude);
  if (!outcome) return conclude(outcome);
  ask(authority_.signer(), &Revocation::account_answered);
}

void Revocation::ask(Signer signer, void (Revocation::*then)(Outcome<> outcome)) {
  const json message{{"certificate", jose::to_base64url(base::as_bytes(settings_.certificate))},
                     {"reason", static_cast<int>(settings_.reason)}};
  // RFC 8555 7.6: the answer has no body.
  request_.post({.url = authority_.directory().revoke_certificate, .what = "a revocation", .media_type = ""},
                message.dump(), std::move(signer), [this, then](const Outcome<Answer>& answer) {
                  if (answer || answer.error().problem == "alreadyRevoked") return (this->*then)({});
                  (this->*then)(std::unexpected(answer.error()));
                });
}

// RFC 8555 7.6: "[...] the server MUST consider at least the following accounts authorized for a given certificate: the
// account that issued the certificate; [...]"; ours may be another one by now.
void Revocation::account_answered(Outcome<> outcome) {
  const bool is_refused = !outcome && outcome.error().kind == FailureKind::kRefused;
  if (is_refused && key_can_sign_) return ask({settings_.key}, &Revocation::conclude);
  conclude(std::move(outcome));
}

// The last thing is to tell: that may destroy it.
void Revocation::conclude(Outcome<> outcome) {
  const Done done = std::exchange(done_, nullptr);
  if (!outcome) outcome = std::unexpected(explained(std::move(outcome).error(), authority_));
  done(std::move(outcome));
}

}  // namespace gate::acme
