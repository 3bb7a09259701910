#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/exchange.h"
#include "http/message.h"

namespace gate::http {

// Why a request is refused before any service sees it. One status each, the same on all wires (see answer_to).
enum class RequestFault : std::uint8_t {
  kMalformed,           // 400: bad request line, field name or value, pseudo-field
  kBadTarget,           // 400
  kTargetTooLong,       // 414
  kBadHost,             // 400: missing, repeated, malformed, or different from :authority
  kBadContentLength,    // 400
  kAmbiguousLength,     // 400: content-length with transfer-encoding
  kBadChunk,            // 400
  kUnknownCoding,       // 501: a transfer coding other than chunked
  kHeaderTooLarge,      // 431
  kBodyTooLarge,        // 413
  kHeaderTimeout,       // 408
  kBodyTimeout,         // 408
  kUnknownVersion,      // 505
  kMethodUnsupported,   // 501: CONNECT, until a feature takes it
  kUnknownExpectation,  // 417
  kIncomplete,          // 400: the client ended the connection inside a request
};

// The refusal to answer with: status, stable code and a static reason for the log.
Refusal answer_to(RequestFault fault);

// RFC 9110 5.6.2 and 5.5; drivers check bytes with the same tables.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);  // no CTL but HTAB, no leading or trailing blank; obs-text allowed

// Splits and checks the request target: origin-form, absolute-form (whose authority replaces Host, RFC 9112 3.2.2), "*"
// for OPTIONS. Fills target, raw_path, path, query, has_query (and authority and host for absolute-form). `target` must
// live as long as the exchange.
//
// `path` is raw_path with percent-encoding decoded and dot segments removed (RFC 3986 5.2.4), always beginning with
// "/", but for the target "*", whose path is "*". "%2F" stays as it is, so that a decoded slash never becomes a
// separator. Faults: "%00", an incomplete "%", any byte outside visible ASCII in the raw form, "#", "\\" in the path,
// and a path that climbs above the root. One path, decided once, used by everything behind.
std::optional<RequestFault> set_target(Request& request, std::string_view target, base::Arena& arena);

// Checks `authority` (RFC 3986 3.2 without userinfo) and fills authority and host. Empty is a fault. `authority` must
// live as long as the exchange.
std::optional<RequestFault> set_authority(Request& request, std::string_view authority, base::Arena& arena);

// RFC 9110 8.6: digits only, one line, no overflow.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

// RFC 9110 6.5.1: fields that decide on framing, routing, access or the meaning of the content do not belong into
// a trailer section; drivers drop them there.
bool is_trailer_allowed(FieldId id);

}  // namespace gate::http
