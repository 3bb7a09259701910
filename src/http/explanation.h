#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/service.h"

namespace gate::http {

// The way of one request through the statements of a site, as `gate443 explain request` tells it: filled in by
// ServicePlan::explain from top to bottom.
class Explanation {
 public:
  // A server behind, as the workers of the running server see it.
  struct ServerState {
    bool drained = false;
    bool unwell = false;
    std::uint32_t in_flight = 0;
    std::uint32_t weight = 0;  // by an operator; 0: as configured
    double first_byte_seconds = 0;
  };
  using ServerStates = std::map<std::string, ServerState, std::less<>>;  // by name

  // One statement.
  struct Step {
    std::string rule;
    unsigned depth = 0;              // how many routes stand around it
    std::string unmet{};             // the condition that does not hold; empty: it was asked
    std::vector<std::string> notes;  // what it does
    Flow flow = Flow::kNext;
  };

  // `servers` is null where no running server could be asked. Everything given outlives the explanation.
  Explanation(const ServiceEnvironment& environment, const ServerStates* servers)
      : environment_(environment), servers_(servers) {}

  const ServiceEnvironment& environment() const { return environment_; }
  const ServerStates* servers() const { return servers_; }
  const std::vector<Step>& steps() const { return steps_; }

  // A statement comes next; one without a rule is a chain without a name, and is not shown. With `unmet` it is over at
  // once, else end() follows.
  void begin(std::string_view rule);
  void skip(std::string_view rule, std::string unmet);
  void end(Flow flow);

  // Says something of the statement that was begun last.
  void note(std::string text);

  // Keeps a service for as long as the exchange may run its filters.
  Service& keep(std::unique_ptr<Service> service);

 private:
  static constexpr std::size_t kUnnamed = SIZE_MAX;

  unsigned depth() const;

  const ServiceEnvironment& environment_;
  const ServerStates* servers_;
  std::vector<Step> steps_;
  std::vector<std::size_t> open_;  // of the steps; kUnnamed for those that are not shown
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace gate::http
