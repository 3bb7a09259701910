#pragma once

#include "base/error.h"

// The codes of connections that proxies in front open for others: G2090 to G2099.
namespace gate::net {

inline constexpr base::ErrorCode kBadProxyHeader{2091};      // what came is no header of the PROXY protocol
inline constexpr base::ErrorCode kProxyHeaderTimeout{2092};  // none came in time, or the proxy went away before

}  // namespace gate::net
