#pragma once

#include "base/error.h"

// The codes of HTTP/2 and HTTP/3 connections: G5020 to G5029. Stable: they are in logs, metrics and the manual.
namespace gate::http::multiplex {

inline constexpr base::ErrorCode kConnectionBroken{5020};  // the client broke a rule of the protocol; connection closed
inline constexpr base::ErrorCode kStreamBroken{5021};      // a malformed request or a frame out of place; stream reset
inline constexpr base::ErrorCode kFlood{5022};             // a limit against floods was passed; connection closed
inline constexpr base::ErrorCode kStreamRefused{5023};     // more streams at once than were allowed; stream refused
inline constexpr base::ErrorCode kClientTooSlow{5024};     // preface, head, body or reading stalled; cut off

}  // namespace gate::http::multiplex
