#pragma once

#include "base/error.h"

// The codes of the statement `files` alone: G5103 to G5119.
namespace gate::files {

inline constexpr base::ErrorCode kMethodNotAllowed{5103};     // 405
inline constexpr base::ErrorCode kPreconditionFailed{5104};   // 412
inline constexpr base::ErrorCode kRangeNotSatisfiable{5105};  // 416

}  // namespace gate::files
