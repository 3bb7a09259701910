#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "tls/negotiation.h"

namespace gate::tls {

// Why the library has just failed, in words and as a stable code. Empties the library's error queue. `negotiation` is
// null after the handshake.
base::Error explain_failure(const Negotiation* negotiation);

// A failure of this code, with the words that belong to it; `why` in the library's style ("bad alert").
base::Error failure_of(base::ErrorCode code, std::string why);

// The peer has sent this alert (RFC 8446 6.2).
base::Error alert_failure(int alert);

// Whether the first bytes of a connection are an HTTP request rather than a TLS record.
bool looks_like_http(base::ByteView first);

}  // namespace gate::tls
