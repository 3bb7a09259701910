#pragma once

#include "http/call.h"
#include "http/exchange.h"

namespace gate::client {

// Answers an exchange with an error page because the call that was made for it failed. Proxy-Status (RFC 9209) says
// why, and a 503 when to come again. What was to be the response's body is gone afterwards.
void refuse(http::Exchange& exchange, const http::CallFailure& failure);

// The same where no server could even be asked.
void refuse_without_server(http::Exchange& exchange, std::string_view reason);

}  // namespace gate::client
