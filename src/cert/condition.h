#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cert/certificate.h"
#include "cert/renewal.h"
#include "cert/verify.h"

namespace gate::cert {

// What can be wrong with a certificate in use.
enum class Concern : std::uint8_t {
  kExpired,
  kNotYetValid,
  kExpiresSoon,  // less than a third of its life is left
  kNameNotCovered,
  kIncompleteChain,
  kUntrusted,
  kRenewalFails,  // the second try in a row has failed
  kRevoked,
};

// "expires_soon": stable, for scripts and alarms.
std::string_view to_string(Concern concern);

struct Finding {
  Concern concern;
  std::string text;  // "less than a third of its life is left: it ends on 2026-12-20"
};

// What is examined, and by what.
struct Examined {
  std::span<const Certificate> chain;     // leaf first, not empty
  std::span<const std::string> names{};   // that it must be good for
  bool is_complete = false;               // nothing is missing: a root at its end was left out
  const RenewalFacts* facts = nullptr;    // of one that this program renews
  std::span<const Roots* const> roots{};  // any of them may vouch for it; none: trust is not judged
  bool is_revoked = false;                // as its authority publishes it
};

// What is wrong at `now`, the worst first; nothing when all is well.
std::vector<Finding> examine(const Examined& examined, base::WallTime now);

// From when a certificate of such a life is said to expire soon: a third of it is left, and whoever renews it has had
// a thirtieth of it to do so.
base::WallTime expires_soon_from(const Validity& validity);

}  // namespace gate::cert
