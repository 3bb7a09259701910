#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "dns/name.h"

// DNS-PERSIST-01 (draft-ietf-acme-dns-persist-01): a TXT record at _validation-persist.NAME that stays, and lets an
// account at an authority have certificates.
namespace gate::acme {

// What such a record says.
struct PersistRecord {
  std::string issuer;   // a name of the authority, one of those that its challenge lists
  std::string account;  // URL
  bool wildcard = false;
  std::optional<base::WallTime> until{};  // good for validations up to then
};

// Where it stands: without the "*." of a wildcard. Nothing where no record fits below the name.
std::optional<dns::Name> persist_name(std::string_view name);

std::string to_text(const PersistRecord& record);
// Nothing for what is no such record, or contradicts itself.
std::optional<PersistRecord> parse_persist_record(std::string_view text);

// What must be there.
struct PersistNeed {
  std::string name;  // "example.com", or "*.example.com"
  std::span<const std::string> issuers;
  std::string_view account;
};

// The record among `texts`, which stand at persist_name(), that lets the account have a certificate; else
// kPersistMissing or kPersistEnded, with the record that is to be published.
base::Result<PersistRecord> find_persist_record(std::span<const std::string> texts, const PersistNeed& need,
                                                base::WallTime now);

// The line of a zone file: `_validation-persist.example.com. IN TXT "…"`.
std::string zone_line(const PersistNeed& need);

}  // namespace gate::acme
