#pragma once

#include "base/error.h"

// The codes of the reverse proxy: G6020 to G6039 in answers, G0186 and on in configurations.
namespace gate::proxy {

inline constexpr base::ErrorCode kUpstreamFailed{6020};       // 502: no response, or one that breaks the rules
inline constexpr base::ErrorCode kUpstreamTimedOut{6021};     // 504: no response in time
inline constexpr base::ErrorCode kUpstreamUnavailable{6022};  // 503: no server can be reached, or none is free
inline constexpr base::ErrorCode kRequestIncomplete{6023};    // 400: the request's body came to no end
inline constexpr base::ErrorCode kRequestLoop{6024};          // 508: the request has come by here too often

inline constexpr base::ErrorCode kBadServerList{188};  // a server twice, or only backup servers
inline constexpr base::ErrorCode kTlsNotSpoken{189};   // a TLS setting for servers that are spoken with in clear

}  // namespace gate::proxy
