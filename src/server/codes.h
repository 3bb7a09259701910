#pragma once

#include "base/error.h"

namespace gate::server {

inline constexpr base::ErrorCode kMisdirected{5040};         // no site of that name here, or not over this connection
inline constexpr base::ErrorCode kTooEarly{5042};            // came in early data and could be a replay
inline constexpr base::ErrorCode kNotAProxy{2090};           // only proxies may connect to this address
inline constexpr base::ErrorCode kPassFailed{6050};          // the server of a `pass` statement cannot be reached
inline constexpr base::ErrorCode kTooManyConnections{8001};  // the worker's bound of connections or descriptors
inline constexpr base::ErrorCode kTooManyFromAddress{8002};  // one client's bound of connections

}  // namespace gate::server
