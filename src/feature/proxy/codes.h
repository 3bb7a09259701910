#pragma once

#include "base/error.h"

// The codes of the reverse proxy: G6024 to G6039 in answers, G0186 and on in configurations.
namespace gate::proxy {

inline constexpr base::ErrorCode kRequestLoop{6024};  // 508: the request has come by here too often

inline constexpr base::ErrorCode kBadServerList{188};  // a server twice, or only backup servers
inline constexpr base::ErrorCode kTlsNotSpoken{189};   // a TLS setting for servers that are spoken with in clear

}  // namespace gate::proxy
