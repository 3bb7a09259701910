#pragma once

#include <cstdint>
#include <string_view>

#include "http/exchange.h"

namespace gate::http {

// The server's own error pages: a short page of HTML that needs nothing else, or a problem document (RFC 9457) for
// clients that prefer JSON. They show status, phrase and request id, and nothing of what is inside.
class DefaultErrorPages final : public ErrorPages {
 public:
  void render(Exchange& exchange) const override;
};

// Takes out of a response what described the content an error page replaces, and forbids to store the page: it holds
// the id of one request. Whoever renders error pages calls this first. Fields that belong to the refusal stay, such as
// Allow, Retry-After, WWW-Authenticate and the Content-Range of a 416.
void drop_content_fields(Exchange& exchange);

// Whether the client names JSON in Accept and likes it better than HTML. "*/*" alone is no such wish.
bool prefers_json(const Exchange& exchange);

// The phrase of the status, or "Error" where it has none.
std::string_view error_title(std::uint16_t status);

}  // namespace gate::http
