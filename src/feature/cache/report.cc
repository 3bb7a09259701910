#include "feature/cache/report.h"

#include <fmt/format.h>

#include <string>

namespace gate::cache {
namespace {

http::CacheUse noted(How how) {
  switch (how) {
    case How::kHit: return http::CacheUse::kHit;
    case How::kStale: return http::CacheUse::kStale;
    case How::kValidated: return http::CacheUse::kValidated;
    case How::kCollapsed: return http::CacheUse::kCollapsed;
    case How::kStored:
    case How::kMiss: return http::CacheUse::kMiss;
    case How::kPass: return http::CacheUse::kPass;
  }
  return http::CacheUse::kPass;
}

observe::Counter& counter_of(How how, observe::CacheCounters& counters) {
  switch (how) {
    case How::kHit:
    case How::kCollapsed: return counters.hits;
    case How::kStale: return counters.stale;
    case How::kValidated: return counters.validated;
    case How::kStored:
    case How::kMiss: return counters.misses;
    case How::kPass: return counters.passes;
  }
  return counters.passes;
}

// RFC 9211 2.
std::string status_of(const Report& report) {
  const std::string_view reason = report.was_stale ? "stale" : "uri-miss";
  const std::string said = report.fwd_status == 0 ? "" : fmt::format("; fwd-status={}", report.fwd_status);
  switch (report.how) {
    case How::kHit: return fmt::format("gate443; hit; ttl={}", report.time_to_live.count());
    // A server that was asked and failed makes no hit of it.
    case How::kStale:
      return report.fwd_status == 0 ? fmt::format("gate443; hit; ttl={}", report.time_to_live.count())
                                    : fmt::format("gate443; fwd=stale{}; ttl={}; detail=stale-if-error", said,
                                                  report.time_to_live.count());
    case How::kValidated: return fmt::format("gate443; fwd=stale{}", said);
    case How::kCollapsed: return fmt::format("gate443; fwd={}; collapsed", reason);
    case How::kStored: return fmt::format("gate443; fwd={}{}; stored", reason, said);
    case How::kMiss: return fmt::format("gate443; fwd={}{}", reason, said);
    case How::kPass: return "gate443; fwd=bypass";
  }
  return "gate443; fwd=bypass";
}

class Later final : public http::ResponseFilter {
 public:
  explicit Later(std::string_view status) : status_(status) {}
  void filter(http::Exchange& exchange) override { exchange.response.fields.add("cache-status", status_); }

 private:
  std::string_view status_;
};

std::string_view note(const Report& report, http::Exchange& exchange, observe::CacheCounters& counters) {
  counter_of(report.how, counters).add();
  exchange.cache = noted(report.how);
  return exchange.arena().copy(status_of(report));
}

}  // namespace

void tell(const Report& report, http::Exchange& exchange, observe::CacheCounters& counters) {
  exchange.response.fields.add("cache-status", note(report, exchange, counters));
}

void tell_later(const Report& report, http::Exchange& exchange, observe::CacheCounters& counters) {
  exchange.add_change(*exchange.arena().make<Later>(note(report, exchange, counters)));
}

}  // namespace gate::cache
