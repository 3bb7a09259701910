#include "http/chain.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "http/codes.h"
#include "http/exchange.h"
#include "http/explanation.h"
#include "http/path_index.h"

namespace gate::http {
namespace {

struct Link {
  const ChainPlan::Statement& statement;
  std::unique_ptr<Service> service;
};

std::vector<const Matcher*> matchers_of(std::span<const Link> links) {
  std::vector<const Matcher*> matchers;
  matchers.reserve(links.size());
  for (const Link& link : links) matchers.push_back(&link.statement.matcher);
  return matchers;
}

class Chain final : public Service {
 public:
  explicit Chain(std::vector<Link> links) : links_(std::move(links)), index_(matchers_of(links_)) {
    rests_.reserve(links_.size());
    for (std::size_t i = 0; i < links_.size(); ++i) {
      rests_.emplace_back(*this, i + 1);
      links_[i].service->precede(rests_[i]);
    }
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  // From the first to the last: what a service has under way behind it ends before that is gone.
  ~Chain() override {
    for (Link& link : links_) link.service.reset();
  }

  Flow handle(Exchange& exchange) override { return handle_from(0, exchange); }
  void precede(Service& rest) override { behind_ = &rest; }

 private:
  // What stands behind one of the statements.
  class Rest final : public Service {
   public:
    Rest(Chain& chain, std::size_t first) : chain_(chain), first_(first) {}
    Flow handle(Exchange& exchange) override {
      if (chain_.handle_from(first_, exchange) == Flow::kTaken) return Flow::kTaken;
      return chain_.behind_ ? chain_.behind_->handle(exchange) : Flow::kNext;
    }

   private:
    Chain& chain_;
    std::size_t first_;
  };

  Flow handle_from(std::size_t place, Exchange& exchange) {
    while (place < links_.size()) {
      const std::string_view path = exchange.request.path;
      const auto candidates = index_.candidates(path);
      // A statement may give the request another path: another place in memory.
      while (exchange.request.path.data() == path.data() && (place = candidates.next(place)) < links_.size()) {
        const Link& link = links_[place++];
        if (!link.statement.matcher.matches(exchange)) continue;
        exchange.rule = link.statement.rule;
        if (link.service->handle(exchange) == Flow::kTaken) return Flow::kTaken;
      }
    }
    exchange.rule = {};
    return Flow::kNext;
  }

  std::vector<Link> links_;
  PathIndex index_;
  std::vector<Rest> rests_;
  Service* behind_ = nullptr;
};

}  // namespace

void refuse_unanswered(Exchange& exchange) {
  exchange.refuse({.status = 404, .code = kNothingAnswered, .reason = "no statement of the site takes this request"});
}

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
