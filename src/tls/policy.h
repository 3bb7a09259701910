#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tls/facts.h"

namespace gate::tls {

inline constexpr std::uint16_t kTls12 = 0x0303;
inline constexpr std::uint16_t kTls13 = 0x0304;

// What a site allows. The default is the safe one; docs/why/tls-policy.md gives the reasons.
struct Policy {
  std::uint16_t version_min = kTls12;
  bool http2 = true;  // offer h2 beside http/1.1

  // Tickets of one site resume at another only if both scopes are equal. Sites that ask for client certificates put
  // what they demand here, so that a ticket never carries a client around that demand.
  std::string ticket_scope;

  friend bool operator==(const Policy&, const Policy&) = default;
};

// The suites, groups, signature schemes and limits the policy comes down to, one a line, for `gate443 config` and the
// golden files.
std::string expand(const Policy& policy);

}  // namespace gate::tls
