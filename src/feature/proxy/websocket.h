#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/clock.h"

namespace gate::proxy {

// RFC 6455 11.2: the protocol's name in Upgrade and :protocol.
inline constexpr std::string_view kWebSocket = "websocket";

// RFC 6455 4.1: "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded".
std::string_view new_websocket_key(base::Random& random, base::Arena& arena);

}  // namespace gate::proxy
