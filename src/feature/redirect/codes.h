#pragma once

#include "base/error.h"

namespace gate::redirect {

inline constexpr base::ErrorCode kUnsafeTarget{184};  // a target that the request could choose

}  // namespace gate::redirect
