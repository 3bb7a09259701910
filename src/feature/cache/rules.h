#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "feature/cache/cache_control.h"
#include "feature/cache/settings.h"
#include "feature/cache/stored_response.h"
#include "http/exchange.h"

namespace gate::cache {

// What the cache has to do with a request.
enum class RequestUse : std::uint8_t {
  kAnswers,      // GET and HEAD that a kept response may answer
  kPasses,       // goes by the cache
  kInvalidates,  // goes by it, and what is kept of its target is no longer true if it succeeds (RFC 9111 4.4)
};
RequestUse use_of(const http::Exchange& exchange);

// Whether responses of that status can be kept at all: those whose meaning does not depend on who asks.
bool is_keepable(std::uint16_t status);

// Whether the request names its sender by a cookie, so that a response may be meant for nobody else.
bool has_cookie(const http::FieldList& request_fields, const CacheSettings& settings);

// The moments a response's age is reckoned from.
struct Moments {
  base::Instant asked;
  base::Instant received;
  std::chrono::sys_seconds wall;  // when it was received
};

// The head of the response as it may be kept, or nothing where it may not be. `request` is the one that was answered.
// RFC 9111 3, and stricter: nothing without a lifetime, nothing that sets a cookie, no errors but "it is not there".
std::optional<StoredHead> storable_head(const http::Request& request, const http::Response& response,
                                        const CacheSettings& settings, const Moments& moments);

// The kept response with what a 304 says in place of what it said before (RFC 9111 4.3.4).
std::optional<StoredHead> refreshed_head(const StoredHead& kept, const http::Request& request,
                                         const http::Response& not_modified, const CacheSettings& settings,
                                         const Moments& moments);

// A head for passing a response on that is not to be kept.
StoredHead passing_head(const http::Response& response, const Moments& moments);

}  // namespace gate::cache
