#include "http/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "http/exchange.h"

namespace gate::http {

void Explanation::begin(std::string_view rule) {
  if (rule.empty()) return open_.push_back(kUnnamed);
  steps_.push_back({.rule = std::string(rule), .depth = depth(), .notes = {}});
  open_.push_back(steps_.size() - 1);
}

void Explanation::skip(std::string_view rule, std::string unmet) {
  steps_.push_back({.rule = std::string(rule), .depth = depth(), .unmet = std::move(unmet), .notes = {}});
}

void Explanation::end(Flow flow) {
  if (open_.back() != kUnnamed) steps_[open_.back()].flow = flow;
  open_.pop_back();
}

void Explanation::note(std::string text) {
  const auto named = std::ranges::find_if(open_.rbegin(), open_.rend(), [](auto each) { return each != kUnnamed; });
  if (named != open_.rend()) steps_[*named].notes.push_back(std::move(text));
}

Service& Explanation::keep(std::unique_ptr<Service> service) {
  services_.push_back(std::move(service));
  return *services_.back();
}

unsigned Explanation::depth() const {
  return static_cast<unsigned>(std::ranges::count_if(open_, [](auto each) { return each != kUnnamed; }));
}

Flow ServicePlan::explain(Exchange& exchange, Explanation& explanation) const {
  Service& service = explanation.keep(build(explanation.environment()));
  const std::string_view raw_path = exchange.request.raw_path;
  const std::string_view query = exchange.request.query;
  const std::size_t filters = exchange.filters();
  const ResponseFilter* defaults = exchange.defaults;
  const Flow flow = service.handle(exchange);
  const Request& now = exchange.request;
  if (now.raw_path != raw_path) explanation.note(fmt::format("the path is now {}", now.raw_path));
  if (now.query != query) explanation.note(fmt::format("the query is now {}", now.query));
  if (exchange.refusal) {
    explanation.note(fmt::format("refuses with {}: {} ({})", exchange.response.status, exchange.refusal->reason,
                                 base::to_string(exchange.refusal->code)));
  } else if (exchange.responded()) {
    explanation.note(fmt::format("answers with {}", exchange.response.status));
  } else if (exchange.filters() != filters || exchange.defaults != defaults) {
    explanation.note("may change the response");
  }
  return flow;
}

}  // namespace gate::http
