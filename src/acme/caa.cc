#include "acme/caa.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "acme/dns_codes.h"
#include "base/text.h"

namespace gate::acme {
namespace {

using dns::Permission;

constexpr std::string_view kIssue = "issue";
constexpr std::string_view kIssueWild = "issuewild";

// RFC 8659 4.2: issuer-domain [; name=value]…
struct Grant {
  std::string issuer;  // in lower case; empty: nobody
  std::vector<std::string_view> accounts;
  std::optional<std::string_view> methods;
};

// Nothing for what does not keep to the grammar, which grants nothing.
std::optional<Grant> parse_grant(std::string_view value) {
  Grant grant;
  grant.issuer = base::lowered(base::trimmed(base::split_off(value, ';')));
  while (!value.empty()) {
    auto parameter = base::trimmed(base::split_off(value, ';'));
    if (parameter.empty()) continue;
    const bool has_value = parameter.find('=') != std::string_view::npos;
    const auto tag = base::trimmed(base::split_off(parameter, '='));
    const auto content = base::trimmed(parameter);
    if (!has_value || tag.empty()) return std::nullopt;
    // RFC 8657 3: several accounts may not stand in one record.
    if (base::equals_ignoring_case(tag, "accounturi")) grant.accounts.push_back(content);
    if (base::equals_ignoring_case(tag, "validationmethods")) grant.methods = content;
  }
  return grant.accounts.size() > 1 ? std::nullopt : std::optional(std::move(grant));
}

bool lists(std::string_view methods, std::string_view wanted) {
  while (!methods.empty()) {
    if (base::trimmed(base::split_off(methods, ',')) == wanted) return true;
  }
  return false;
}

bool grants(const Permission& record, const Issuer& issuer) {
  const auto grant = parse_grant(record.value);
  if (!grant) return false;
  const auto named = [&](const std::string& identity) { return base::lowered(identity) == grant->issuer; };
  if (std::ranges::none_of(issuer.identities, named)) return false;
  if (!grant->accounts.empty() && !issuer.account.empty() && grant->accounts.front() != issuer.account) return false;
  return !grant->methods || issuer.method.empty() || lists(*grant->methods, issuer.method);
}

// Text of a stranger, as a zone file has it.
std::string shown(const Permission& record) {
  constexpr std::size_t kBytesMax = 120;
  std::string value = record.value.substr(0, kBytesMax);
  std::ranges::replace_if(value, [](char c) { return c < ' ' || c > '~'; }, '?');
  return fmt::format("{} {} \"{}\"", record.critical ? 128 : 0, record.tag, value);
}

base::Error forbidden(const dns::Permissions& permissions, const dns::Name& name, bool wildcard, const Issuer& issuer,
                      std::span<const Permission* const> deciding) {
  std::string why = fmt::format("{} has the CAA record", permissions.at->to_string());
  if (deciding.size() > 1) why += 's';
  for (const auto* record : deciding)
    why += fmt::format("{} {}", record == deciding.front() ? "" : ",", shown(*record));
  return {.code = kCaaForbids,
          .side = base::Side::kConfiguration,
          .retry = base::Retry::kLater,
          .what = fmt::format("the zone does not let {} issue for {}{}", issuer.identities.front(),
                              wildcard ? "*." : "", name.to_string()),
          .why = std::move(why),
          .fix = fmt::format("add the record: {} CAA 0 {} \"{}\"", permissions.at->to_string(),
                             wildcard ? kIssueWild : kIssue, issuer.identities.front())};
}

}  // namespace

base::Result<> caa_allows(const dns::Permissions& permissions, const dns::Name& name, bool wildcard,
                          const Issuer& issuer) {
  if (!permissions.at || issuer.identities.empty()) return {};
  std::vector<const Permission*> issue;
  std::vector<const Permission*> wild;
  std::vector<const Permission*> unknown;
  for (const auto& record : permissions.records) {
    if (record.tag == kIssue) issue.push_back(&record);
    if (record.tag == kIssueWild) wild.push_back(&record);
    // RFC 8659 4.1: an authority that does not know a critical property must not issue; none beyond these is usual.
    const bool known = record.tag == kIssue || record.tag == kIssueWild || record.tag.starts_with("iodef") ||
                       record.tag == "contactemail" || record.tag == "contactphone" || record.tag == "issuemail" ||
                       record.tag == "issuevmc";
    if (record.critical && !known) unknown.push_back(&record);
  }
  if (!unknown.empty()) return base::fail(forbidden(permissions, name, wildcard, issuer, unknown));
  // RFC 8659 4.3: "issuewild" takes the place of "issue" for wildcards, and means nothing for others.
  const auto& deciding = wildcard && !wild.empty() ? wild : issue;
  const auto good = [&](const Permission* record) { return grants(*record, issuer); };
  if (deciding.empty() || std::ranges::any_of(deciding, good)) return {};
  return base::fail(forbidden(permissions, name, wildcard, issuer, deciding));
}

}  // namespace gate::acme
