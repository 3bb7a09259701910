#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"

namespace gate::http {

// Why a request is refused before any service sees it. One status each, the same on all wires (see refusal_of).
enum class RequestFault : std::uint8_t {
  kMalformed,          // 400: bad request line, field name or value, pseudo-field
  kBadTarget,          // 400
  kTargetTooLong,      // 414
  kBadHost,            // 400: missing, repeated, malformed, or different from :authority
  kBadContentLength,   // 400
  kAmbiguousLength,    // 400: content-length with transfer-encoding
  kBadChunk,           // 400
  kUnknownCoding,      // 501: a transfer coding other than chunked
  kHeaderTooLarge,     // 431
  kBodyTooLarge,       // 413
  kHeaderTimeout,      // 408
  kUnknownVersion,     // 505
  kMethodUnsupported,  // 501: CONNECT, until a feature takes it
  kUnknownExpectation, // 417
};

// The refusal to answer with: status, stable code and a static reason for the log.
struct FaultAnswer {
  std::uint16_t status;
  std::uint16_t code;  // 50xx, see docs/errors.md
  std::string_view reason;
};
FaultAnswer answer_to(RequestFault fault);

// RFC 9110 5.6.2 and 5.5; drivers check bytes with the same tables.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);  // no CTL but HTAB, no leading or trailing blank; obs-text allowed

// Splits and checks the request target: origin-form, absolute-form (whose authority replaces Host, RFC 9112 3.2.2), "*" for
// OPTIONS. Fills target, raw_path, path, query, has_query (and authority for absolute-form).
//
// `path` is raw_path with percent-encoding decoded and dot segments removed (RFC 3986 5.2.4), always beginning with "/".
// "%2F" stays as it is, so that a decoded slash never becomes a separator; "%00", an incomplete "%" and any byte
// outside visible ASCII in the raw form are faults, and so is a path that climbs above the root. One path, decided once, used by everything behind.
std::optional<RequestFault> set_target(Request& request, std::string_view target, base::Arena& arena);

// Checks `authority` (RFC 3986 3.2 without userinfo) and fills authority and host. Empty is a fault.
std::optional<RequestFault> set_authority(Request& request, std::string_view authority, base::Arena& arena);

// RFC 9110 8.6: digits only, one line, no overflow.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

}  // namespace gate::http
