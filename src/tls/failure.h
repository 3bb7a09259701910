#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "tls/negotiation.h"

namespace gate::tls {

// Why the library has just failed, in words and as a stable code. Empties the library's error queue. `negotiation` is
// null after the handshake.
base::Error explain_failure(const Negotiation* negotiation);

// Whether the first bytes of a connection are an HTTP request rather than a TLS record.
bool looks_like_http(base::ByteView first);

}  // namespace gate::tls
