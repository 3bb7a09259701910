#pragma once

#include "http/connection_info.h"
#include "quic/connection.h"

namespace gate::net {

// Whether what comes over this connection now comes in early data, and may be sent again by others than the client (RFC
// 8470): the handshake is not done.
inline bool brings_early_data(const http::ConnectionInfo& connection) {
  return connection.quic != nullptr && !connection.quic->handshake_complete();
}

}  // namespace gate::net
