#include "feature/cache/visitor.h"

#include "feature/cache/answer.h"
#include "feature/cache/fetch.h"
#include "http/chain.h"

namespace gate::cache {
namespace {

// Lets a request that has waited go on behind the statement. Its visitor ends here.
void pass_on(StatementCache& cache, http::Exchange& exchange) {
  tell_later({.how = How::kMiss}, exchange, cache.store().counters());
  exchange.response.body.reset();
  if (cache.rest().handle(exchange) == http::Flow::kNext) http::refuse_unanswered(exchange);
}

}  // namespace

Visitor::~Visitor() {
  if (fetch_) fetch_->left(*this);
}

void Visitor::lead(Fetch& fetch) { fetch_ = &fetch; }

void Visitor::wait_for(Fetch& fetch) {
  fetch_ = &fetch;
  cache_.loop().arm(*this, cache_.loop().now() + cache_.settings().wait_max);
}

void Visitor::on_timer() {
  fetch_->left(*this);
  forget_fetch();
  pass_on(cache_, exchange_);
}

void Visitor::answer(const StoredResponse& response, const Report& report) {
  tell(report, exchange_, cache_.store().counters());
  answer_with(exchange_, response, cache_.loop());
}

void Visitor::go_on(const std::optional<Report>& kept_will_do) {
  const auto kept = cache_.find(exchange_.request, key_of(exchange_.request));
  if (kept && kept_will_do) return answer(*kept, *kept_will_do);
  if (kept && kept->head->freshness.is_fresh(cache_.loop().now())) return answer(*kept, {.how = How::kCollapsed});
  pass_on(cache_, exchange_);
}

void Visitor::refuse(const http::Exchange& refused, const Report& report) {
  http::Exchange& exchange = exchange_;
  auto& arena = exchange.arena();
  for (const http::Field& field : refused.response.fields) {
    exchange.response.fields.add(arena.copy(field.name), arena.copy(field.value));
  }
  tell(report, exchange, cache_.store().counters());
  const http::Refusal& why = *refused.refusal;
  exchange.refuse({why.status, why.code, arena.copy(why.reason)});
}

}  // namespace gate::cache
