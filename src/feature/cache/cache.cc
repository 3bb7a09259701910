#include "feature/cache/cache.h"

#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "feature/cache/answer.h"
#include "feature/cache/codes.h"
#include "feature/cache/fetch.h"
#include "feature/cache/report.h"
#include "feature/cache/rules.h"
#include "feature/cache/statement_cache.h"
#include "feature/cache/visitor.h"
#include "http/exchange.h"
#include "http/explanation.h"

namespace gate::cache {
namespace {

using http::FieldId;
using http::Flow;

// Where a Location field leads, if that is of the same origin; a fragment never reaches a server.
std::optional<std::string> key_at(std::string_view location, const http::Request& request) {
  location = location.substr(0, location.find('#'));
  const std::string origin = key_of(request.scheme, request.authority, "");
  if (location.starts_with('/') && !location.starts_with("//")) return origin + std::string(location);
  return location.starts_with(origin + "/") ? std::optional(std::string(location)) : std::nullopt;
}

// RFC 9111 4.4: "A cache MUST invalidate the target URI [...] when it receives a non-error status code in response to
// an unsafe request method", and may do so for what Location and Content-Location name.
class Invalidation final : public http::ResponseFilter {
 public:
  explicit Invalidation(StatementCache& cache) : cache_(cache) {}

  void filter(http::Exchange& exchange) override {
    const http::Response& response = exchange.response;
    if (response.status < 200 || response.status >= 400) return;
    cache_.invalidate(key_of(exchange.request));
    for (const auto id : {FieldId::kLocation, FieldId::kContentLocation}) {
      if (const auto key = key_at(response.fields.value(id), exchange.request)) cache_.invalidate(*key);
    }
  }

 private:
  StatementCache& cache_;
};

class Cache final : public http::Service {
 public:
  Cache(std::shared_ptr<const CacheSettings> settings, const http::ServiceEnvironment& environment)
      : cache_(std::move(settings), *environment.responses, *environment.loop) {}

  void precede(http::Service& rest) override { cache_.precede(rest); }

  Flow handle(http::Exchange& exchange) override {
    switch (use_of(exchange)) {
      case RequestUse::kInvalidates: exchange.add_filter(*exchange.arena().make<Invalidation>(cache_)); break;
      case RequestUse::kPasses: break;
      case RequestUse::kAnswers: return answer(exchange);
    }
    return go_on(exchange, How::kPass);
  }

 private:
  Flow answer(http::Exchange& exchange);
  Flow answer_with_kept(http::Exchange& exchange, const StoredResponse& kept, How how);
  Flow join_fetch(http::Exchange& exchange, const std::string& key, std::optional<StoredResponse> kept);
  void refresh(http::Exchange& exchange, const std::string& key, const StoredResponse& kept);
  Flow go_on(http::Exchange& exchange, How how) {
    tell_later({.how = how}, exchange, cache_.store().counters());
    return Flow::kNext;
  }

  StatementCache cache_;
};

Flow Cache::answer(http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  const std::string key = key_of(request);
  const base::Instant now = cache_.loop().now();
  auto kept = cache_.find(request, key);
  if (kept) {
    const Freshness& freshness = kept->head->freshness;
    if (freshness.is_fresh(now)) return answer_with_kept(exchange, *kept, How::kHit);
    if (freshness.is_within(freshness.stale_while_revalidate, now)) {
      refresh(exchange, key, *kept);
      return answer_with_kept(exchange, *kept, How::kStale);
    }
  }
  // RFC 9111 5.2.1.7.
  if (read_cache_control(request.fields).only_if_cached) {
    exchange.refuse({504, kOnlyIfCached, "only a kept response was wanted, and none is fresh"});
    return Flow::kTaken;
  }
  // What a HEAD brings is no GET's answer, and to fetch the whole for a part of it may take long.
  const bool wants_part = !kept && request.fields.find(FieldId::kRange);
  if (request.method == http::Method::kHead || wants_part) return go_on(exchange, How::kMiss);
  return join_fetch(exchange, key, std::move(kept));
}

Flow Cache::answer_with_kept(http::Exchange& exchange, const StoredResponse& kept, How how) {
  const Freshness& freshness = kept.head->freshness;
  const Seconds left = freshness.lifetime - freshness.age(cache_.loop().now());
  tell({.how = how, .time_to_live = left}, exchange, cache_.store().counters());
  answer_with(exchange, kept, cache_.loop());
  return Flow::kTaken;
}

Flow Cache::join_fetch(http::Exchange& exchange, const std::string& key, std::optional<StoredResponse> kept) {
  const std::string fetch_key = cache_.fetch_key(exchange.request, key);
  if (cache_.pass_marks().has(fetch_key, cache_.loop().now())) return go_on(exchange, How::kMiss);
  Fetch* const joined = cache_.find_fetch(fetch_key);
  if (joined && joined->waiting() >= cache_.settings().waiting_max) return go_on(exchange, How::kMiss);
  Fetch* const fetch = joined ? joined : cache_.begin_fetch(exchange, key, std::move(kept));
  if (!fetch) return go_on(exchange, How::kMiss);
  auto visitor = exchange.make_body<Visitor>(cache_, exchange);
  fetch->add(static_cast<Visitor&>(*visitor));
  exchange.response.body = std::move(visitor);
  if (!joined) fetch->start();
  return Flow::kTaken;
}

// RFC 5861 3: nobody waits for it.
void Cache::refresh(http::Exchange& exchange, const std::string& key, const StoredResponse& kept) {
  const std::string fetch_key = cache_.fetch_key(exchange.request, key);
  if (cache_.find_fetch(fetch_key) || cache_.pass_marks().has(fetch_key, cache_.loop().now())) return;
  if (Fetch* const fetch = cache_.begin_fetch(exchange, key, kept)) fetch->start();
}

}  // namespace

// What the running server keeps at the moment is not asked: gate443 cache tells it.
http::Flow CachePlan::explain(http::Exchange& exchange, http::Explanation& explanation) const {
  switch (use_of(exchange)) {
    case RequestUse::kAnswers:
      explanation.note("answers with a kept response where there is one, else keeps what comes if that may be kept");
      break;
    case RequestUse::kPasses:
      explanation.note("neither answers nor keeps the answer: the request is not of that kind");
      break;
    case RequestUse::kInvalidates:
      explanation.note("drops what is kept for this address, unless the answer is an error");
      break;
  }
  return Flow::kNext;
}

std::unique_ptr<http::Service> CachePlan::build(const http::ServiceEnvironment& environment) const {
  GATE_CHECK(environment.responses != nullptr && environment.loop != nullptr);
  return std::make_unique<Cache>(settings_, environment);
}

}  // namespace gate::cache
