#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/match.h"
#include "http/service.h"

namespace gate::http {

// Answers what no statement takes: 404.
void refuse_unanswered(Exchange& exchange);

// The statements of a site or a route, in the order they were written. Each request goes from top to bottom through
// those whose matcher it fits, until one takes it; nothing is reordered. A chain is a service itself: when none takes
// the request, it goes on behind the chain. The plan outlives the services it builds.
class ChainPlan final : public ServicePlan {
 public:
  struct Statement {
    Matcher matcher;
    std::unique_ptr<const ServicePlan> plan;
    std::string rule;  // becomes Exchange::rule while the statement is asked; empty for a chain without a name
  };

  void add(Statement statement) { statements_.push_back(std::move(statement)); }
  bool empty() const { return statements_.empty(); }

  std::unique_ptr<Service> build(const ServiceEnvironment& environment) const override;
  bool takes_all() const override;
  Flow explain(Exchange& exchange, Explanation& explanation) const override;

 private:
  std::vector<Statement> statements_;
};

}  // namespace gate::http
