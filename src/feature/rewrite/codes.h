#pragma once

#include "base/error.h"

namespace gate::rewrite {

inline constexpr base::ErrorCode kBadRewrite{185};  // the new path is none

}  // namespace gate::rewrite
