#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace gate::http {

// What identifies the state of a representation (RFC 9110 8.8).
struct Validators {
  std::string_view etag;  // as in the field, with its quotes and W/; empty when there is none
  std::optional<std::chrono::sys_seconds> last_modified;
};

// What the preconditions of a request make of it.
enum class Precondition : std::uint8_t {
  kProceed,
  kNotModified,  // 304; only for GET and HEAD
  kFailed,       // 412
};

// If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since for a representation that exists, in the order of
// RFC 9110 13.2.2. `now` serves two-digit years only. May join field lines in the request's arena.
Precondition check_preconditions(const Request& request, const Validators& validators, std::chrono::sys_seconds now);

// Whether the Range field of the request counts: true without an If-Range, and with one that names this very state of
// the representation (RFC 9110 13.1.5).
bool if_range_holds(const Request& request, const Validators& validators, std::chrono::sys_seconds now);

// Whether a list of entity tags, or "*", names `etag`. Strong comparison fails for weak tags on either side (RFC 9110
// 8.8.3.2). What stands behind a malformed member is not read.
enum class EtagComparison : std::uint8_t { kStrong, kWeak };
bool etag_listed(std::string_view list, std::string_view etag, EtagComparison comparison);

}  // namespace gate::http
