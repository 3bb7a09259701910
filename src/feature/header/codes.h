#pragma once

#include "base/error.h"

namespace gate::header {

inline constexpr base::ErrorCode kBadField{183};  // a field that cannot be changed, or no field at all

}  // namespace gate::header
