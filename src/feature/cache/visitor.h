#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/intrusive_list.h"
#include "feature/cache/report.h"
#include "feature/cache/statement_cache.h"
#include "feature/cache/stored_response.h"
#include "http/exchange.h"
#include "loop/loop.h"

namespace gate::cache {

class Fetch;

// A client's exchange while it waits for a fetch. Stands in the place of its response's body, so that it ends with the
// exchange; each of the calls that answer puts something else there and so ends it.
class Visitor final : public http::BodySource, public base::ListNode<Visitor>, private loop::Timer {
 public:
  // Both outlive it.
  Visitor(StatementCache& cache, http::Exchange& exchange) : cache_(cache), exchange_(exchange) {}
  ~Visitor() override;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  http::Exchange& exchange() { return exchange_; }

  void lead(Fetch& fetch);
  // At most for CacheSettings::wait_max; then the request goes on by itself.
  void wait_for(Fetch& fetch);
  // The fetch has no more to do with it.
  void forget_fetch() { fetch_ = nullptr; }

  void answer(const StoredResponse& response, const Report& report);
  // What was waited for is over: answers with what is kept now, if that is for this request, or goes on. What is stale
  // only does with a report that says why.
  void go_on(const std::optional<Report>& kept_will_do);
  // With what another exchange was refused with.
  void refuse(const http::Exchange& refused, const Report& report);

  // There is nothing to read before one of these.
  http::BodyRead read(std::span<std::byte>) override { return {http::BodyRead::State::kWait, 0}; }

 private:
  void on_timer() override;

  StatementCache& cache_;
  http::Exchange& exchange_;
  Fetch* fetch_ = nullptr;
};

}  // namespace gate::cache
