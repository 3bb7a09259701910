#include "cert/condition.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cert/credential.h"

namespace gate::cert {

namespace {

constexpr unsigned kFailuresTold = 2;  // the first may have been bad luck

std::string day(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// A name that the leaf is good for, to verify its chain with; which names it should be good for is another question.
std::string own_name(const Certificate& leaf) {
  if (!leaf.addresses().empty()) return leaf.addresses().front().to_string();
  if (leaf.dns_names().empty()) return {};
  const std::string& name = leaf.dns_names().front();
  return name.starts_with("*.") ? "any" + name.substr(1) : name;
}

std::optional<Finding> judge_dates(const Certificate& leaf, const RenewalFacts* facts, base::WallTime now) {
  if (now > leaf.not_after()) return Finding{Concern::kExpired, fmt::format("it ended on {}", day(leaf.not_after()))};
  if (now < leaf.not_before())
    return Finding{Concern::kNotYetValid, fmt::format("it begins on {}", day(leaf.not_before()))};
  const Validity validity{leaf.not_before(), leaf.not_after()};
  base::WallTime soon = expires_soon_from(validity);
  // An authority may want it to be renewed late; as long as that is to come, nothing is wrong.
  if (facts != nullptr) soon = std::max(soon, planned_renewal({}, validity, *facts).when + validity.lifetime() / 30);
  if (now < soon) return std::nullopt;
  return Finding{Concern::kExpiresSoon,
                 fmt::format("less than a third of its life is left: it ends on {}", day(leaf.not_after()))};
}

// Nothing: one of the roots vouches for it. Otherwise why the last did not.
std::optional<std::string> distrust(const Examined& examined, base::WallTime now) {
  std::vector<base::ByteView> chain;
  for (const Certificate& each : examined.chain) chain.push_back(each.der());
  std::optional<std::string> why;
  for (const Roots* roots : examined.roots) {
    const auto verified = verify_server_chain(*roots, chain, own_name(examined.chain.front()), now);
    if (verified) return std::nullopt;
    why = verified.error().why;
  }
  return why;
}

std::optional<Finding> judge_chain(const Examined& examined, base::WallTime now) {
  const auto why = distrust(examined, now);
  if (!why) return std::nullopt;
  const Certificate& leaf = examined.chain.front();
  if (examined.chain.size() == 1 && !leaf.is_self_issued() && !examined.is_complete)
    return Finding{Concern::kIncompleteChain,
                   fmt::format("the certificate of its issuer \"{}\" is missing", leaf.issuer())};
  return Finding{Concern::kUntrusted, fmt::format("no root that this system trusts vouches for it: {}", *why)};
}

void judge_renewal(const RenewalFacts& facts, std::vector<Finding>& findings) {
  if (facts.failures < kFailuresTold || !facts.last_failure) return;
  findings.push_back({Concern::kRenewalFails, fmt::format("{} tries to renew it have failed, the last one with: {}",
                                                          facts.failures, facts.last_failure->text)});
}

}  // namespace

std::string_view to_string(Concern concern) {
  switch (concern) {
    case Concern::kExpired: return "expired";
    case Concern::kNotYetValid: return "not_yet_valid";
    case Concern::kExpiresSoon: return "expires_soon";
    case Concern::kNameNotCovered: return "name_not_covered";
    case Concern::kIncompleteChain: return "incomplete_chain";
    case Concern::kUntrusted: return "untrusted";
    case Concern::kRenewalFails: return "renewal_fails";
    case Concern::kRevoked: return "revoked";
  }
  return "";
}

base::WallTime expires_soon_from(const Validity& validity) {
  return validity.not_after - validity.lifetime() / 3 + validity.lifetime() / 30;
}

std::vector<Finding> examine(const Examined& examined, base::WallTime now) {
  std::vector<Finding> findings;
  const Certificate& leaf = examined.chain.front();
  if (auto dates = judge_dates(leaf, examined.facts, now)) findings.push_back(*std::move(dates));
  const bool is_valid = now >= leaf.not_before() && now <= leaf.not_after();
  // Whatever is wrong with its dates makes the chain untrusted too, and has been said.
  if (is_valid) {
    if (auto chain = judge_chain(examined, now)) findings.push_back(*std::move(chain));
  }
  if (const auto missing = uncovered_names(leaf, examined.names); !missing.empty())
    findings.push_back({Concern::kNameNotCovered, fmt::format("it is not for {}", fmt::join(missing, ", "))});
  if (examined.is_revoked || (examined.facts != nullptr && examined.facts->is_revoked))
    findings.push_back({Concern::kRevoked, "its authority has revoked it: replace it"});
  if (examined.facts != nullptr) judge_renewal(*examined.facts, findings);
  std::ranges::stable_sort(findings, {}, [](const Finding& each) { return each.concern; });
  return findings;
}

}  // namespace gate::cert
