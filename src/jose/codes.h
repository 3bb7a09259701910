#pragma once

#include "base/error.h"

// The codes of signed JSON: G3300 to G3304. Stable: they are in logs and the manual.
namespace gate::jose {

inline constexpr base::ErrorCode kBadJws{3300};
inline constexpr base::ErrorCode kBadJwk{3301};
inline constexpr base::ErrorCode kWrongSignature{3302};
inline constexpr base::ErrorCode kUnsupportedSigningKey{3303};
inline constexpr base::ErrorCode kUnsupportedAlgorithm{3304};

}  // namespace gate::jose
