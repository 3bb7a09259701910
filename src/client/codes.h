#pragma once

#include "base/error.h"

// The codes of connections to other servers: G6000 to G6019. Stable: they are in logs, metrics and the manual.
namespace gate::client {

inline constexpr base::ErrorCode kBadUpstreamAddress{6000};  // a word that names no server
inline constexpr base::ErrorCode kCannotStartResolver{6002};

}  // namespace gate::client
