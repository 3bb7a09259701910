#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "acme/dns_publisher.h"
#include "acme/solver.h"
#include "app/dns_proof_settings.h"
#include "base/ip.h"
#include "client/context.h"
#include "dns/exchange.h"

namespace gate::app {

// What proves names by DNS, one for each way that the configuration has. Control thread only.
class DnsSolvers {
 public:
  // `outside` outlives it.
  explicit DnsSolvers(client::Context& outside);
  ~DnsSolvers();
  DnsSolvers(const DnsSolvers&) = delete;
  DnsSolvers& operator=(const DnsSolvers&) = delete;

  // Stays as long as this: an order may need it long after the configuration has changed.
  acme::Solver& solver_for(const DnsProofSettings& settings);

  const dns::Context& context() const { return context_; }

 private:
  std::unique_ptr<acme::DnsPublisher> publisher_for(const DnsProofSettings& settings);

  client::Context& outside_;
  dns::Context context_;
  std::map<std::string, std::unique_ptr<acme::Solver>> solvers_;  // by all that makes them differ
};

// Whom this machine asks for names now.
std::vector<base::Endpoint> machine_resolvers();

}  // namespace gate::app
