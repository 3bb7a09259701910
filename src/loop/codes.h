#pragma once

#include "base/error.h"

namespace gate::loop {

inline constexpr base::ErrorCode kLoopUnavailable{2001};  // the system gives no event queue or wake-up descriptor
inline constexpr base::ErrorCode kWatchFailed{2002};      // a descriptor cannot be watched

}  // namespace gate::loop
