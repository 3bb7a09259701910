#pragma once

#include "base/error.h"

// The codes of certificate authorities: G3310 to G3329, and G3390 to G3399. Stable: they are in logs and the manual.
namespace gate::acme {

inline constexpr base::ErrorCode kBadAnswer{3310};        // the authority says what is no ACME
inline constexpr base::ErrorCode kOrderRefused{3311};     // it does not want to
inline constexpr base::ErrorCode kRateLimited{3312};      // not now
inline constexpr base::ErrorCode kAuthorityFailed{3313};  // it has trouble of its own
inline constexpr base::ErrorCode kNotProven{3314};        // it looked, and did not see what proves the name ours
inline constexpr base::ErrorCode kNoWayToProve{3315};     // no challenge that both sides know
inline constexpr base::ErrorCode kAccountUnusable{3316};
inline constexpr base::ErrorCode kTooSlow{3317};  // not done within the deadline
inline constexpr base::ErrorCode kWrongCertificate{3318};
inline constexpr base::ErrorCode kBindingNeeded{3319};
inline constexpr base::ErrorCode kUnreachable{3320};
inline constexpr base::ErrorCode kUnknownProfile{3321};

inline constexpr base::ErrorCode kNotOffered{3390};      // its directory has no URL for what is wanted
inline constexpr base::ErrorCode kNotRevoked{3391};      // it does not revoke the certificate
inline constexpr base::ErrorCode kKeyRefused{3392};      // it does not take another key for the account
inline constexpr base::ErrorCode kForeignAccount{3394};  // another program's, that cannot be taken over
inline constexpr base::ErrorCode kKeyUnclear{3393};      // whether it has taken the key is not known yet

}  // namespace gate::acme
