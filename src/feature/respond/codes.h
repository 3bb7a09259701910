#pragma once

#include "base/error.h"

namespace gate::respond {

inline constexpr base::ErrorCode kContentNotAllowed{186};   // a text for a status that has no content
inline constexpr base::ErrorCode kConfiguredRefusal{5060};  // the configuration refuses the request

}  // namespace gate::respond
