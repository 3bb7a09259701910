#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/exchange.h"
#include "http/response_rules.h"

namespace gate::http::multiplex {

// The field lines of a response head, ":status" first, in the exchange's arena.
std::span<const Field> response_head(Exchange& exchange, const ResponseFraming& framing, std::string_view http_date);

// The same of an interim response, in `arena` with all they show; see is_sendable_interim.
std::span<const Field> interim_head(base::Arena& arena, std::uint16_t status, std::span<const Field> fields);

// The lines of a trailer section that may be sent, in the exchange's arena.
std::span<const Field> response_trailers(Exchange& exchange, const FieldList& trailers);

}  // namespace gate::http::multiplex
