#pragma once

#include "base/error.h"

namespace gate::http::config {

// What the statements of a site may not say together.
inline constexpr base::ErrorCode kNeverReached{182};

}  // namespace gate::http::config
