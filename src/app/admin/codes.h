#pragma once

#include "base/error.h"

// G2070 to G2079: talking to a running server.
namespace gate::app {

inline constexpr base::ErrorCode kNoServer{2070};
inline constexpr base::ErrorCode kAdminDenied{2071};
inline constexpr base::ErrorCode kServerRunning{2072};  // another server answers at the admin socket
inline constexpr base::ErrorCode kCannotOpenAdmin{2073};
inline constexpr base::ErrorCode kBadAdminRequest{2074};  // no JSON, or no such command
inline constexpr base::ErrorCode kAdminSilent{2075};      // the server did not answer in time, or broke off

}  // namespace gate::app
