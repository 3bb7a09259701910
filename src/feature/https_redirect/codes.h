#pragma once

#include "base/error.h"

namespace gate::https_redirect {

inline constexpr base::ErrorCode kHostMissing{5061};       // 400: no host to send the client to
inline constexpr base::ErrorCode kUnknownChallenge{5062};  // 404: an ACME challenge that nobody asked for

}  // namespace gate::https_redirect
