#pragma once

#include "base/error.h"

// The codes of HTTP/2 connections: G5100 to G5119. Stable: they are in logs, metrics and the manual.
namespace gate::http::h2 {

inline constexpr base::ErrorCode kConnectionBroken{5100};  // the client broke a rule of the protocol; connection closed
inline constexpr base::ErrorCode kStreamBroken{5101};      // a malformed request or a frame out of place; stream reset
inline constexpr base::ErrorCode kFlood{5102};             // a limit against floods was passed; connection closed
inline constexpr base::ErrorCode kStreamRefused{5103};     // more streams at once than were allowed; stream refused
inline constexpr base::ErrorCode kClientTooSlow{5104};     // preface, head, body or reading stalled; stream or connection ended

}  // namespace gate::http::h2
