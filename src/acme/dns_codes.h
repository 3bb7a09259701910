#pragma once

#include "base/error.h"

// The codes of proofs by DNS: G3340 to G3369. Stable: they are in logs and in the manual.
namespace gate::acme {

inline constexpr base::ErrorCode kHookFailed{3340};      // the program that makes records
inline constexpr base::ErrorCode kHttpHookFailed{3341};  // the server that makes records
inline constexpr base::ErrorCode kNameNotInDns{3342};    // an address, or a name that is too long
inline constexpr base::ErrorCode kCaaForbids{3350};      // the zone lets only others issue
inline constexpr base::ErrorCode kPersistMissing{3360};  // the record of dns-persist-01 is not there
inline constexpr base::ErrorCode kPersistEnded{3361};    // its persistUntil is over
inline constexpr base::ErrorCode kPersistEnds{3362};     // a warning: it will be soon

}  // namespace gate::acme
