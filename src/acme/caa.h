#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/caa.h"

namespace gate::acme {

// Who would issue, and how.
struct Issuer {
  std::span<const std::string> identities;  // its names in CAA records: the directory's caaIdentities
  std::string_view account;                 // URL; empty: not known yet
  std::string_view method;                  // "dns-01"; empty: not chosen yet
};

// Whether the records let `issuer` issue for `name`, or for the wildcard below it, by the rules of RFC 8659 4 and RFC
// 8657; else kCaaForbids with the records that decide and where they stand. An issuer without identities is not
// judged: it does not say what it looks for.
base::Result<> caa_allows(const dns::Permissions& permissions, const dns::Name& name, bool wildcard,
                          const Issuer& issuer);

}  // namespace gate::acme
