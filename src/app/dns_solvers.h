#pragma once

#include <map>
#include <memory>
#include <string>

#include "acme/dns_persist_solver.h"
#include "acme/dns_publisher.h"
#include "acme/solver.h"
#include "app/dns_proof_settings.h"
#include "client/context.h"
#include "dns/exchange.h"

namespace gate::app {

// What proves names by DNS, one for each way that the configuration has. Control thread only.
class DnsSolvers {
 public:
  // `outside` outlives it. `warn` is told of records that end soon.
  DnsSolvers(client::Context& outside, acme::DnsPersistSolver::Warn warn);
  ~DnsSolvers();
  DnsSolvers(const DnsSolvers&) = delete;
  DnsSolvers& operator=(const DnsSolvers&) = delete;

  // Stays as long as this: an order may need it long after the configuration has changed.
  acme::Solver& solver_for(const DnsProofSettings& settings);

  // Of dns-persist-01: nobody makes records for it.
  acme::Solver& persistent() { return persistent_; }

 private:
  std::unique_ptr<acme::DnsPublisher> publisher_for(const DnsProofSettings& settings);

  client::Context& outside_;
  dns::Context context_;
  acme::DnsPersistSolver persistent_;
  std::map<std::string, std::unique_ptr<acme::Solver>> solvers_;  // by all that makes them differ
};

}  // namespace gate::app
