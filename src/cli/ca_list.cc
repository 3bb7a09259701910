// gate443 ca list, revoke.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.h"
#include "cli/ca.h"
#include "cli/codes.h"

namespace gate::cli::ca {
namespace {

constexpr std::size_t kSerialShown = 12;
constexpr std::size_t kPrefixMin = 4;  // shorter ones are names

// "4C:D6:24" as other programs show it.
std::string serial_form(std::string_view text) {
  std::string serial = base::lowered(text);
  std::erase(serial, ':');
  return serial;
}

void print_row(const cert::IssuedRecord& record, base::WallTime now) {
  fmt::print("{:<{}}  {:<10}  {:<7}  {:<7}  {}\n", record.serial.substr(0, kSerialShown), kSerialShown,
             day(record.until), state_of(record, now), cert::to_string(record.purpose), joined(record.names));
}

base::Error several(const std::vector<const cert::IssuedRecord*>& found, const Options& options) {
  std::string serials;
  for (const auto* record : found) serials += (serials.empty() ? "" : ", ") + record->serial.substr(0, kSerialShown);
  return {.code = kSeveralCertificates,
          .side = base::Side::kConfiguration,
          .what = fmt::format("{} certificates are for \"{}\"", found.size(), options.which),
          .why = "their serial numbers begin with " + serials,
          .fix = "name one by its serial number, or say --all"};
}

base::Error none(const Options& options) {
  return {.code = kNoSuchCertificate,
          .side = base::Side::kConfiguration,
          .what = fmt::format("no valid certificate is for \"{}\"", options.which),
          .fix = "gate443 ca list --all   shows what the authority has issued"};
}

int revoke_all(cert::InternalCa& ca, const std::vector<std::string>& serials, cert::RevocationReason reason,
               const Options& options) {
  const base::SystemClock clock;
  for (const std::string& serial : serials) {
    if (const auto revoked = ca.revoke(serial, reason, clock.wall()); !revoked) return fail(revoked.error(), options);
    const auto* record = ca.find(serial);
    if (!options.json && !options.quiet) fmt::print("revoked   {}  {}\n", serial, joined(record->names));
  }
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"revoked", serials}, {"revocation_list", ca.list_path()}}.dump());
  } else if (!options.quiet) {
    fmt::print("the list  {}\n", ca.list_path());
  }
  return to_int(Exit::kFine);
}

}  // namespace

std::string_view state_of(const cert::IssuedRecord& record, base::WallTime now) {
  if (record.revocation) return "revoked";
  return record.until < now ? "ended" : "valid";
}

nlohmann::json to_json(const cert::IssuedRecord& record, base::WallTime now) {
  nlohmann::json text{
      {"serial", record.serial},        {"names", record.names},          {"purpose", cert::to_string(record.purpose)},
      {"not_before", day(record.from)}, {"not_after", day(record.until)}, {"state", state_of(record, now)},
      {"origin", record.origin},        {"sha256", record.sha256}};
  if (record.revocation) {
    text["revoked"] = day(record.revocation->at);
    text["reason"] = cert::to_string(record.revocation->reason);
  }
  return text;
}

std::vector<const cert::IssuedRecord*> find(const cert::InternalCa& ca, std::string_view which) {
  const std::string serial = serial_form(which);
  std::vector<const cert::IssuedRecord*> by_serial;
  std::vector<const cert::IssuedRecord*> by_name;
  for (const auto& record : ca.issued()) {
    if (serial.size() >= kPrefixMin && record.serial.starts_with(serial)) by_serial.push_back(&record);
    const bool named =
        std::ranges::any_of(record.names, [&](const auto& name) { return base::equals_ignoring_case(name, which); });
    if (named) by_name.push_back(&record);
  }
  return by_name.empty() ? by_serial : by_name;
}

int list(const Options& options) {
  const auto ca = open(options);
  if (!ca) return fail(ca.error(), options);
  const base::SystemClock clock;
  auto all = nlohmann::json::array();
  std::vector<const cert::IssuedRecord*> shown;
  for (const auto& record : ca->issued()) {
    if (options.all || state_of(record, clock.wall()) == "valid") shown.push_back(&record);
  }
  if (options.json) {
    for (const auto* record : shown) all.push_back(to_json(*record, clock.wall()));
    fmt::print("{}\n", all.dump());
    return to_int(Exit::kFine);
  }
  if (shown.empty()) {
    if (!options.quiet) fmt::print("no certificates yet: gate443 ca issue NAME\n");
    return to_int(Exit::kFine);
  }
  fmt::print("{:<{}}  {:<10}  {:<7}  {:<7}  {}\n", "serial", kSerialShown, "ends", "state", "for a", "names");
  for (const auto* record : shown) print_row(*record, clock.wall());
  return to_int(Exit::kFine);
}

int revoke(const Options& options) {
  const auto reason = cert::parse_revocation_reason(options.reason);
  if (!reason) {
    return fail({.code = kBadCaArgument,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("\"{}\" is no reason to revoke", options.reason),
                 .fix = "key-compromise, superseded, affiliation-changed, cessation-of-operation, privilege-withdrawn"},
                options);
  }
  auto ca = open(options);
  if (!ca) return fail(ca.error(), options);
  const base::SystemClock clock;
  auto found = find(*ca, options.which);
  std::erase_if(found, [&](const auto* record) { return state_of(*record, clock.wall()) != "valid"; });
  if (found.empty()) return fail(none(options), options);
  if (found.size() > 1 && !options.all) return fail(several(found, options), options);
  std::vector<std::string> serials;
  for (const auto* record : found) serials.push_back(record->serial);
  return revoke_all(*ca, serials, *reason, options);
}

}  // namespace gate::cli::ca
