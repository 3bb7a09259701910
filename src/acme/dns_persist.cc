#include "acme/dns_persist.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "acme/dns_codes.h"
#include "acme/issue_value.h"
#include "base/ip.h"
#include "base/text.h"

namespace gate::acme {
namespace {

constexpr std::string_view kLabel = "_validation-persist";
constexpr std::string_view kWildcard = "*.";

bool is_wildcard(std::string_view name) { return name.starts_with(kWildcard); }

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The record that would do.
PersistRecord wanted(const PersistNeed& need) {
  return {need.issuers.empty() ? std::string() : need.issuers.front(), std::string(need.account),
          is_wildcard(need.name)};
}

bool satisfies(const PersistRecord& record, const PersistNeed& need) {
  const auto named = [&](const std::string& issuer) { return base::lowered(issuer) == record.issuer; };
  return std::ranges::any_of(need.issuers, named) && record.account == need.account &&
         (record.wildcard || !is_wildcard(need.name));
}

base::Error not_there(base::ErrorCode code, const PersistNeed& need, std::string why) {
  return {.code = code,
          .side = base::Side::kConfiguration,
          .retry = base::Retry::kLater,
          .what = fmt::format("no DNS record lets this account have a certificate for {}", need.name),
          .why = std::move(why),
          .fix = "publish: " + zone_line(need)};
}

// Why none of the records there does.
std::string what_differs(std::span<const std::string> texts, const PersistNeed& need) {
  const auto name = persist_name(need.name).value_or(dns::Name()).to_string();
  if (texts.empty()) return fmt::format("there is no TXT record at {}", name);
  for (const auto& text : texts) {
    const auto record = parse_persist_record(text);
    if (!record) continue;
    PersistRecord with_policy = *record;
    with_policy.wildcard = true;
    if (satisfies(with_policy, need)) return fmt::format("the record at {} has no policy=wildcard", name);
    if (record->account != need.account) return fmt::format("the record at {} is for another account", name);
  }
  return fmt::format("the record at {} is for another authority, or malformed", name);
}

}  // namespace

std::optional<dns::Name> persist_name(std::string_view name) {
  if (is_wildcard(name)) name.remove_prefix(kWildcard.size());
  const auto parsed = base::IpAddress::parse(name) ? std::nullopt : dns::Name::parse(name);
  return parsed ? parsed->child(kLabel) : std::nullopt;
}

std::string to_text(const PersistRecord& record) {
  std::string text = fmt::format("{}; accounturi={}", record.issuer, record.account);
  if (record.wildcard) text += "; policy=wildcard";
  if (record.until) text += fmt::format("; persistUntil={}", seconds_of(*record.until));
  return text;
}

std::optional<PersistRecord> parse_persist_record(std::string_view text) {
  const auto value = parse_issue_value(text);
  if (!value || value->issuer.empty()) return std::nullopt;
  const auto account = value->parameter("accounturi");
  if (!account) return std::nullopt;
  PersistRecord record{value->issuer, std::string(*account)};
  // Other policies are treated as if there were none.
  record.wildcard = base::equals_ignoring_case(value->parameter("policy").value_or(""), "wildcard");
  if (const auto until = value->parameter("persistuntil")) {
    const auto seconds = base::parse_number<std::int64_t>(*until);
    if (!seconds || *seconds < 0) return std::nullopt;
    record.until = base::WallTime(std::chrono::seconds(std::min(*seconds, seconds_of(base::WallTime::max()))));
  }
  return record;
}

base::Result<PersistRecord> find_persist_record(std::span<const std::string> texts, const PersistNeed& need,
                                                base::WallTime now) {
  std::optional<PersistRecord> ended;
  std::optional<PersistRecord> best;
  for (const auto& text : texts) {
    auto record = parse_persist_record(text);
    if (!record || !satisfies(*record, need)) continue;
    if (record->until && *record->until < now) {
      ended = std::move(record);
      continue;
    }
    const bool longer = !best || !record->until || (best->until && *best->until < *record->until);
    if (longer) best = std::move(record);
  }
  if (best) return *std::move(best);
  if (!ended) return base::fail(not_there(kPersistMissing, need, what_differs(texts, need)));
  return base::fail(not_there(kPersistEnded, need,
                              fmt::format("the one that did ended on {:%F} (persistUntil)",
                                          fmt::gmtime(std::chrono::floor<std::chrono::seconds>(*ended->until)))));
}

std::string zone_line(const PersistNeed& need) {
  const auto name = persist_name(need.name).value_or(dns::Name());
  return fmt::format("{}. IN TXT \"{}\"", name.to_string(), to_text(wanted(need)));
}

}  // namespace gate::acme
