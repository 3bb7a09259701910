#pragma once

#include <string_view>

#include "feature/proxy/settings.h"
#include "http/exchange.h"
#include "http/fields.h"

namespace gate::proxy {

// Puts together the fields a server is sent for `exchange`, but for those its wire writes itself: what concerned the
// connection to the client is left out (RFC 9110 7.6.1), and who asks, and how, is said afresh (Forwarded, RFC 7239,
// and the X-Forwarded fields): nothing a client claims of that gets through.
void fill_request_fields(http::Exchange& exchange, const ProxySettings& settings, http::FieldList& fields);

// What a server is asked for: the target as the statements before have rewritten it.
std::string_view target_for(http::Exchange& exchange);

// The Host field for a server at `server_authority`.
std::string_view authority_for(const http::Exchange& exchange, const ProxySettings& settings,
                               std::string_view server_authority, bool secure);

// Copies the fields of a server's response that concern the client.
void fill_response_fields(const http::FieldList& received, http::FieldList& fields);

// Whether the request has come by here so often that it must be going round in a circle.
bool is_loop(const http::Exchange& exchange);

// Refuses a request that does; says whether.
bool refuse_loop(http::Exchange& exchange);

}  // namespace gate::proxy
