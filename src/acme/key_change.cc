#include "acme/key_change.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "acme/account.h"
#include "acme/codes.h"
#include "jose/jws.h"
#include "jose/public_key.h"

namespace gate::acme {
namespace {

using nlohmann::json;

base::Error not_offered(const Authority& authority) {
  return {.code = kNotOffered,
          .side = base::Side::kUpstream,
          .what = fmt::format("{} gives accounts no other key", authority.host()),
          .why = "its directory has no URL for it"};
}

Failure refused(Failure failure, const Authority& authority) {
  failure.error.code = kKeyRefused;
  failure.error.what = fmt::format("{} does not take another key for the account; the old one stays", authority.host());
  failure.error.fix = "";
  return failure;
}

Failure unclear(Failure failure, const Authority& authority) {
  failure.error.code = kKeyUnclear;
  failure.error.what = fmt::format("whether {} has taken the account's other key is not known: {}", authority.host(),
                                   failure.error.what);
  failure.error.fix = "both keys are kept, and the authority is asked before the next order";
  return failure;
}

// An authority that tells a problem has changed nothing, but for one that is in trouble itself.
bool has_said_no(const Failure& failure) {
  return failure.kind == FailureKind::kRefused || failure.kind == FailureKind::kRateLimited;
}

}  // namespace

KeyChange::KeyChange(Authority& authority, Done done)
    : authority_(authority), done_(std::move(done)), request_(authority.channel()) {}

KeyChange::~KeyChange() {
  if (!holds_) return;
  authority_.reload_account();
  authority_.release();
}

void KeyChange::opened(const Outcome<>& outcome) {
  if (!outcome) return conclude(outcome);
  if (authority_.directory().key_change.empty()) return conclude(std::unexpected(our_failure(not_offered(authority_))));
  const auto key = cert::PrivateKey::generate();
  auto message = demand(key);
  if (!message) return conclude(std::unexpected(our_failure(std::move(message).error())));
  if (auto kept = save_next_key(authority_.settings().folder, key); !kept)
    return conclude(std::unexpected(our_failure(std::move(kept).error())));
  authority_.hold();
  holds_ = true;
  request_.post({.url = authority_.directory().key_change, .what = "another key of the account", .media_type = ""},
                *std::move(message), authority_.signer(), [this](const Outcome<Answer>& answer) { answered(answer); });
}

// The inner message, signed by the new key, names the old one; the outer one is signed by the account, as ever.
base::Result<std::string> KeyChange::demand(const cert::PrivateKey& key) const {
  GATE_TRY_ASSIGN(const auto old_key, jose::PublicKey::of(authority_.account().key));
  GATE_TRY_ASSIGN(const auto new_key, jose::PublicKey::of(key));
  const json change{{"account", authority_.account().url}, {"oldKey", json::parse(old_key.to_jwk(), nullptr, false)}};
  // RFC 8555 7.3.5: "The inner JWS MUST have the same "url" header parameter as the outer JWS. The inner JWS MUST omit
  // the "nonce" header parameter."
  const jose::JwsHeader header{
      .url = authority_.directory().key_change, .nonce = {}, .key_id = {}, .jwk = new_key.to_jwk()};
  return jose::sign(key, header, change.dump(-1, ' ', false, json::error_handler_t::replace));
}

void KeyChange::answered(const Outcome<Answer>& answer) {
  auto outcome = settle(answer);
  authority_.reload_account();
  authority_.release();
  holds_ = false;
  conclude(std::move(outcome));
}

Outcome<> KeyChange::settle(const Outcome<Answer>& answer) const {
  if (!answer && !has_said_no(answer.error())) return std::unexpected(unclear(answer.error(), authority_));
  const std::string& folder = authority_.settings().folder;
  auto settled = answer ? take_next_key(folder) : drop_next_key(folder);
  if (!settled) return std::unexpected(our_failure(std::move(settled).error()));
  if (!answer) return std::unexpected(refused(answer.error(), authority_));
  return {};
}

// The last thing is to tell: that may destroy it.
void KeyChange::conclude(Outcome<> outcome) {
  const Done done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

}  // namespace gate::acme
