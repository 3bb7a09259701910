#pragma once

#include "base/error.h"

namespace gate::security {

inline constexpr base::ErrorCode kBadHsts{187};  // an hsts line that browsers or the preload list would not take

}  // namespace gate::security
