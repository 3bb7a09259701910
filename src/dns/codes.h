#pragma once

#include "base/error.h"

// The codes of DNS: G3000 to G3039. Stable: they are in logs and in the manual.
namespace gate::dns {

inline constexpr base::ErrorCode kNoAnswer{3000};       // no server gave an answer
inline constexpr base::ErrorCode kServerRefuses{3001};  // a server gave one that says no more than that it failed
inline constexpr base::ErrorCode kNoZone{3002};         // a name that no zone answers for
inline constexpr base::ErrorCode kAliasLoop{3003};      // CNAME records that lead nowhere
inline constexpr base::ErrorCode kNoNameServers{3004};  // a zone whose servers have no addresses

inline constexpr base::ErrorCode kUpdateRefused{3010};
inline constexpr base::ErrorCode kUpdateNotZone{3011};   // the server has no such zone, or is no primary of it
inline constexpr base::ErrorCode kKeyRefused{3012};      // the server does not know the key, or has another secret
inline constexpr base::ErrorCode kClocksDiffer{3013};    // too far for a signature
inline constexpr base::ErrorCode kAnswerUnproven{3014};  // its signature does not fit, or there is none
inline constexpr base::ErrorCode kUpdateFailed{3015};    // anything else

inline constexpr base::ErrorCode kNotPropagated{3020};  // not all servers of a zone show a record in time

inline constexpr base::ErrorCode kHttpsElsewhere{3021};  // HTTPS records that lead to other names

}  // namespace gate::dns
