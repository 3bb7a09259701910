#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"

namespace gate::http {

// The Server field of responses that bring none. No version: it would only help to choose an attack.
inline constexpr std::string_view kServerName = "gate443";

// What the message framing of a response must look like; the same on all wires, which only write it differently.
struct ResponseFraming {
  bool sends_body = false;                      // false for HEAD, 204, 304 and null bodies
  std::optional<std::uint64_t> content_length;  // absent: no field (204, 1xx, or unknown length: chunked or stream end)
};

// RFC 9110 6.4.1, 8.6, 15.3.5, 15.4.5: for HEAD the length the GET would have had is still declared.
ResponseFraming response_framing(const Exchange& exchange);

// RFC 9110 6.4.1: whether a final response can have content at all.
bool may_have_content(Method request_method, std::uint16_t status);

// Whether the head of the response may go on a wire: a final status, or a tunnel that the request asks for; names that
// are tokens, values without CR, LF and NUL. A bug or a hostile upstream must not be able to split a response
// (CWE-113).
bool is_sendable(const Exchange& exchange);

// The same for an interim response, and what it costs of Limits::interim_bytes_max.
bool is_sendable_interim(std::uint16_t status, const FieldList& fields);
std::size_t interim_bytes(const FieldList& fields);

// Whether the driver writes this field itself, so that a response's own line of that name is left out.
bool is_written_by_driver(FieldId id);

// Whether a line of a response's trailer section may go on a wire; the others are left out.
bool is_sendable_trailer(const Field& field);

// Makes the refusal the response: its status, the error page, the request's id. The fields there are stay.
void become_refusal(Exchange& exchange, const Refusal& refusal);

// Puts a refusal in the place of a response that is ready but not sent: the driver found a fault in the request's body
// meanwhile, or the response itself may not be sent.
void replace_by_refusal(Exchange& exchange, const Refusal& refusal);

}  // namespace gate::http
