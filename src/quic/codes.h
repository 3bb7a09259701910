#pragma once

#include "base/error.h"

// The codes of QUIC connections: G4100 to G4149. Stable: they are in logs, metrics and the manual. What is TLS's has
// the codes of tls/codes.h.
namespace gate::quic {

inline constexpr base::ErrorCode kProtocolBroken{4100};    // the peer broke the rules of RFC 9000
inline constexpr base::ErrorCode kClosedByPeer{4101};      // the peer closed with an error
inline constexpr base::ErrorCode kHandshakeTimeout{4102};  // the handshake was not finished in time
inline constexpr base::ErrorCode kInternal{4103};          // the QUIC library failed for reasons of its own

}  // namespace gate::quic
