#pragma once

#include "base/error.h"

namespace gate::app {

inline constexpr base::ErrorCode kNoSuchSite{140};  // of those that a benchmark is to measure

}  // namespace gate::app
