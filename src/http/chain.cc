#include "http/chain.h"

#include <algorithm>
#include <utility>

#include "http/exchange.h"
#include "http/explanation.h"

namespace gate::http {
namespace {

struct Link {
  const ChainPlan::Statement& statement;
  std::unique_ptr<Service> service;
};

class Chain final : public Service {
 public:
  explicit Chain(std::vector<Link> links) : links_(std::move(links)) {}

  Flow handle(Exchange& exchange) override {
    for (const Link& link : links_) {
      if (!link.statement.matcher.matches(exchange)) continue;
      exchange.rule = link.statement.rule;
      if (link.service->handle(exchange) == Flow::kTaken) return Flow::kTaken;
    }
    exchange.rule = {};
    return Flow::kNext;
  }

 private:
  std::vector<Link> links_;
};

}  // namespace

std::unique_ptr<Service> ChainPlan::build(const ServiceEnvironment& environment) const {
  std::vector<Link> links;
  links.reserve(statements_.size());
  for (const Statement& statement : statements_) links.push_back({statement, statement.plan->build(environment)});
  return std::make_unique<Chain>(std::move(links));
}

Flow ChainPlan::explain(Exchange& exchange, Explanation& explanation) const {
  for (const Statement& statement : statements_) {
    if (const auto* unmet = statement.matcher.first_unmet(exchange)) {
      explanation.skip(statement.rule, to_string(*unmet));
      continue;
    }
    exchange.rule = statement.rule;
    explanation.begin(statement.rule);
    const Flow flow = statement.plan->explain(exchange, explanation);
    explanation.end(flow);
    if (flow == Flow::kTaken) return flow;
  }
  exchange.rule = {};
  return Flow::kNext;
}

bool ChainPlan::takes_all() const {
  return std::ranges::any_of(statements_, [](const Statement& statement) {
    return statement.matcher.matches_everything() && statement.plan->takes_all();
  });
}

}  // namespace gate::http
