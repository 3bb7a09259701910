#include "acme/caa.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "acme/dns_codes.h"
#include "acme/issue_value.h"
#include "base/text.h"

namespace gate::acme {
namespace {

using dns::Permission;

constexpr std::string_view kIssue = "issue";
constexpr std::string_view kIssueWild = "issuewild";

bool lists(std::string_view methods, std::string_view wanted) {
  while (!methods.empty()) {
    if (base::trimmed(base::split_off(methods, ',')) == wanted) return true;
  }
  return false;
}

bool grants(const Permission& record, const Issuer& issuer) {
  const auto value = parse_issue_value(record.value);
  if (!value) return false;
  const auto named = [&](const std::string& identity) { return base::lowered(identity) == value->issuer; };
  if (std::ranges::none_of(issuer.identities, named)) return false;
  // RFC 8657 3 and 4.
  const auto account = value->parameter("accounturi");
  if (account && !issuer.account.empty() && *account != issuer.account) return false;
  const auto methods = value->parameter("validationmethods");
  return !methods || issuer.method.empty() || lists(*methods, issuer.method);
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
