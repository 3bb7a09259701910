#pragma once

#include "base/error.h"

// The codes of connections to other servers: G6000 to G6023. Stable: they are in logs, metrics and the manual.
namespace gate::client {

inline constexpr base::ErrorCode kBadUpstreamAddress{6000};  // a word that names no server
inline constexpr base::ErrorCode kCannotStartResolver{6002};

// Of requests that the program makes for itself (Fetch).
inline constexpr base::ErrorCode kBadUrl{6004};
inline constexpr base::ErrorCode kFetchFailed{6005};    // no response, or not all of it
inline constexpr base::ErrorCode kFetchTimedOut{6006};  // not all of it in time
inline constexpr base::ErrorCode kFetchTooLarge{6007};

// What is answered because another server failed.
inline constexpr base::ErrorCode kUpstreamFailed{6020};       // 502: no response, or one that breaks the rules
inline constexpr base::ErrorCode kUpstreamTimedOut{6021};     // 504: no response in time
inline constexpr base::ErrorCode kUpstreamUnavailable{6022};  // 503: no server can be reached, or none is free
inline constexpr base::ErrorCode kRequestIncomplete{6023};    // 400: the request's body came to no end

}  // namespace gate::client
