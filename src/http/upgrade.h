#pragma once

#include <string_view>

#include "http/message.h"

namespace gate::http {

// The protocol an HTTP/1.1 client wants to go on with (RFC 9110 7.8), in lower case: "websocket". Empty unless
// Connection lists "upgrade", Upgrade has exactly one name, and the request has no body, behind which the protocol
// would begin. Lives as long as the exchange.
std::string_view upgrade_of(const Request& request);

inline bool asks_for_upgrade(const Request& request) { return !upgrade_of(request).empty(); }

}  // namespace gate::http
