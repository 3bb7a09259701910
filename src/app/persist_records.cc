#include "app/persist_records.h"

#include <fmt/format.h>

#include <utility>

#include "acme/dns_persist.h"
#include "app/codes.h"

namespace gate::app {
namespace {

constexpr std::string_view kWildcard = "*.";

base::Error nameless(const acme::Authority& authority) {
  return {.code = kNoPersistRecord,
          .side = base::Side::kUpstream,
          .what = fmt::format("{} does not say by which name records are for it", authority.host()),
          .why = "its directory has no \"caaIdentities\"",
          .fix = "ask whether it takes dns-persist-01; order by another way of proof"};
}

base::Error no_names() {
  return {.code = kNoPersistRecord,
          .side = base::Side::kConfiguration,
          .what = "addresses are not proven by the DNS",
          .fix = "use http-01 or tls-alpn-01 for them"};
}

}  // namespace

PersistRecords::PersistRecords(acme::Authority& authority, acme::Solver& looker, std::vector<std::string> names,
                               Done done)
    : authority_(authority), looker_(looker), names_(std::move(names)), done_(std::move(done)) {}

void PersistRecords::opened(const acme::Outcome<>& outcome) {
  if (!outcome) return conclude(base::fail(outcome.error().error));
  const auto& issuers = authority_.directory().caa_identities;
  if (issuers.empty()) return conclude(base::fail(nameless(authority_)));
  const std::string& account = authority_.account().url;
  for (const auto& name : names_) {
    if (!acme::persist_name(name)) continue;
    states_.push_back({.name = name, .line = acme::zone_line({name, issuers, account}), .seen = {}});
  }
  if (states_.empty()) return conclude(base::fail(no_names()));
  outstanding_ = states_.size();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    looker_.present(challenge_for(states_[i].name), [this, i](base::Result<> seen) { looked(i, std::move(seen)); });
  }
}

acme::Challenge PersistRecords::challenge_for(const std::string& name) const {
  const bool is_wildcard = name.starts_with(kWildcard);
  return {.name = is_wildcard ? name.substr(kWildcard.size()) : name,
          .token = {},
          .key_authorization = {},
          .thumbprint = {},
          .issuers = authority_.directory().caa_identities,
          .account = authority_.account().url,
          .wildcard = is_wildcard};
}

void PersistRecords::looked(std::size_t index, base::Result<> result) {
  states_[index].seen = std::move(result);
  if (--outstanding_ == 0) conclude(std::move(states_));
}

// The last thing is to tell: that may destroy it.
void PersistRecords::conclude(base::Result<std::vector<PersistRecordState>> result) {
  const Done done = std::exchange(done_, nullptr);
  done(std::move(result));
}

}  // namespace gate::app
