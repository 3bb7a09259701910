#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "http/fields.h"

namespace gate::cache {

using Seconds = std::chrono::seconds;

// The directives of a message's Cache-Control lines that a shared cache goes by (RFC 9111 5.2, RFC 5861). A directive
// that is limited to some fields (`private="set-cookie"`) counts as without the limit, which is the stricter reading.
struct CacheControl {
  // RFC 9111 1.2.2: what is larger counts as this.
  static constexpr Seconds kLongest{std::int64_t{1} << 31};

  bool no_store = false;
  bool no_cache = false;
  bool is_private = false;
  bool is_public = false;
  bool must_revalidate = false;  // or proxy-revalidate, which says the same to a shared cache
  bool only_if_cached = false;
  std::optional<Seconds> max_age;
  std::optional<Seconds> s_maxage;
  std::optional<Seconds> stale_while_revalidate;
  std::optional<Seconds> stale_if_error;
};

// RFC 9111 4.2.1: times that are no numbers, or are given twice with different values, count as 0.
CacheControl read_cache_control(const http::FieldList& fields);

}  // namespace gate::cache
