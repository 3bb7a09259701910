#include "server/recent_requests.h"

#include "server/asked_for.h"

namespace gate::server {
namespace {

// What is to blame for it is not the client.
bool is_failure(const http::Exchange& exchange) {
  if (exchange.refusal) return exchange.refusal->status >= 500;
  switch (exchange.outcome) {
    case http::Outcome::kResponseFailed:
    case http::Outcome::kServerClosed: return true;
    case http::Outcome::kPending:
    case http::Outcome::kComplete:
    case http::Outcome::kClientGone:  // clients change their mind all the time
    case http::Outcome::kClientTimeout: break;
  }
  const auto attempts = exchange.upstream ? exchange.upstream->view() : std::span<const http::UpstreamAttempt>{};
  return std::ranges::any_of(attempts, [](const auto& attempt) { return attempt.fault.has_value(); });
}

bool is_refusal(const http::Exchange& exchange) {
  return exchange.refusal || exchange.outcome == http::Outcome::kClientTimeout;
}

void fill_request(RecentRequest& record, const http::Exchange& exchange, bool query_is_logged) {
  const http::Request& request = exchange.request;
  record.client = exchange.client();
  record.version = request.version;
  record.secure = exchange.connection().secure;
  record.method.assign(request.method_text);
  record.host.assign(request.authority);
  const AskedFor asked_for(request);
  record.path.assign(asked_for.path);
  record.query.assign(query_is_logged ? asked_for.query : std::string_view{});
  record.has_query = asked_for.has_query;
}

void fill_attempts(RecentRequest& record, const http::UpstreamFacts* facts) {
  record.attempts = facts ? facts->attempts : 0;
  if (!facts) return;
  const auto attempts = facts->view();
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    RecentRequest::Attempt& kept = record.kept[i];
    kept.server.assign(attempts[i].server);
    kept.reason.assign(attempts[i].reason);
    kept.status = attempts[i].status;
    kept.fault = attempts[i].fault;
    kept.waits = attempts[i].waits;
    kept.total = attempts[i].total;
  }
}

}  // namespace

void RecentRequests::note(const http::Exchange& exchange, base::WallTime now, base::Duration took,
                          bool query_is_logged) {
  const bool failure = is_failure(exchange);
  if (!failure && !is_refusal(exchange)) return;
  RecentRequest& record = failure ? failed_.next() : refused_.next();
  record.id = exchange.id;
  record.connection_id = exchange.connection().id;
  record.time = now;
  record.took = took;
  fill_request(record, exchange, query_is_logged);
  record.site.assign(exchange.site);
  record.rule.assign(exchange.rule);
  record.status = exchange.responded() ? exchange.response.status : std::uint16_t{0};
  record.code = exchange.refusal ? exchange.refusal->code : base::ErrorCode{};
  record.reason.assign(exchange.refusal ? exchange.refusal->reason : std::string_view{});
  record.outcome = exchange.outcome;
  fill_attempts(record, exchange.upstream);
}

const RecentRequest* RecentRequests::find(std::uint64_t id) const {
  const RecentRequest* found = failed_.find(id);
  return found ? found : refused_.find(id);
}

RecentRequest& RecentRequests::Ring::next() {
  if (records_.size() < kKeptOfEach) return records_.emplace_back();
  RecentRequest& oldest = records_[oldest_];
  oldest_ = (oldest_ + 1) % kKeptOfEach;
  return oldest;
}

const RecentRequest* RecentRequests::Ring::find(std::uint64_t id) const {
  const auto found = std::ranges::find(records_, id, &RecentRequest::id);
  return found == records_.end() ? nullptr : &*found;
}

}  // namespace gate::server
