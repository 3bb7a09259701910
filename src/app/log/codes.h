#pragma once

#include "base/error.h"

// G2060 to G2069: the log writer.
namespace gate::app {

inline constexpr base::ErrorCode kCannotOpenLog{2060};
inline constexpr base::ErrorCode kCannotWriteLog{2061};  // a full disk, a reader that is gone
inline constexpr base::ErrorCode kLogTooSlow{2062};      // lines came faster than they could be written
inline constexpr base::ErrorCode kLogMoved{2063};        // a moved or deleted log file cannot be created anew

}  // namespace gate::app
