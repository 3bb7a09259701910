#pragma once

#include "base/error.h"

// The codes of the statement `cache` and of its command: G5140 to G5159.
namespace gate::cache {

inline constexpr base::ErrorCode kOnlyIfCached{5140};         // 504: only a kept response would do, and there is none
inline constexpr base::ErrorCode kRangeNotSatisfiable{5141};  // 416

}  // namespace gate::cache
