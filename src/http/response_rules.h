#pragma once

#include <cstdint>
#include <optional>

#include "http/exchange.h"

namespace gate::http {

// What the message framing of a response must look like; the same on all wires, which only write it differently.
struct ResponseFraming {
  bool sends_body = false;                       // false for HEAD, 204, 304 and null bodies
  std::optional<std::uint64_t> content_length;   // absent: no field (204, 1xx, or unknown length: chunked or stream end)
};

// RFC 9110 6.4.1, 8.6, 15.3.5, 15.4.5: for HEAD the length the GET would have had is still declared.
ResponseFraming response_framing(const Exchange& exchange);

}  // namespace gate::http
