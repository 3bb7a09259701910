#pragma once

#include "base/error.h"

namespace gate::http {

// What a configuration may not say of requests.
inline constexpr base::ErrorCode kBadPattern{180};
inline constexpr base::ErrorCode kBadTemplate{181};

}  // namespace gate::http
