#pragma once

#include <cstdint>
#include <string_view>

#include "feature/cache/cache_control.h"
#include "http/exchange.h"
#include "observe/worker_metrics.h"

namespace gate::cache {

// What came of a request that met the cache.
enum class How : std::uint8_t {
  kHit,
  kStale,      // answered although stale, while it is fetched anew or could not be
  kValidated,  // the server was asked, and said that what is kept is still true
  kCollapsed,  // another request's answer, waited for
  kStored,     // fetched, and being kept
  kMiss,       // fetched, and not to be kept
  kPass,       // none of the cache's business
};

struct Report {
  How how = How::kPass;
  Seconds time_to_live{};        // of kHit and kStale; below 0 when stale
  bool was_stale = false;        // of what was fetched: something was kept that could not be used
  std::uint16_t fwd_status = 0;  // what the server said, where it was asked
};

// Says it where it can be seen: in the Cache-Status field (RFC 9211), the access log and the counters.
void tell(const Report& report, http::Exchange& exchange, observe::CacheCounters& counters);

// The same for a request that goes on: the field is added when its response comes.
void tell_later(const Report& report, http::Exchange& exchange, observe::CacheCounters& counters);

}  // namespace gate::cache
