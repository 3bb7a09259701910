#include "http/response_rules.h"

namespace gate::http {

ResponseFraming response_framing(const Exchange& exchange) {
  const auto& response = exchange.response;
  // RFC 9110 15.3.5: "A 204 response is terminated by the end of the header section; it cannot contain content or trailers."
  // RFC 9110 15.4.5: the same for 304, whose length fields would speak of the stored response.
  if (response.status == 204 || response.status == 304 || response.status < 200) return {};
  if (!response.body) return {.sends_body = false, .content_length = 0};
  // RFC 9110 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
  return {.sends_body = exchange.request.method != Method::kHead, .content_length = response.body->length()};
}

}  // namespace gate::http
