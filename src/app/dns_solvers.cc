#include "app/dns_solvers.h"

#include <utility>
#include <variant>
#include <vector>

#include "acme/dns_solver.h"
#include "acme/dns_update_publisher.h"
#include "dns/resolv_conf.h"

namespace gate::app {

DnsSolvers::DnsSolvers(client::Context& outside, acme::DnsPersistSolver::Warn warn)
    : outside_(outside),
      context_{outside.loop(), outside.random()},
      persistent_(context_, dns::machine_resolvers(), std::move(warn)) {}

DnsSolvers::~DnsSolvers() = default;

acme::Solver& DnsSolvers::solver_for(const DnsProofSettings& settings) {
  const auto resolvers = settings.resolvers.empty() ? dns::machine_resolvers() : settings.resolvers;
  std::string key = settings.mark;
  for (const auto& resolver : resolvers) key += ' ' + resolver.to_string();
  auto& solver = solvers_[key];
  if (!solver) {
    solver = std::make_unique<acme::DnsSolver>(context_, acme::DnsSettings{resolvers, settings.propagation},
                                               publisher_for(settings));
  }
  return *solver;
}

std::unique_ptr<acme::DnsPublisher> DnsSolvers::publisher_for(const DnsProofSettings& settings) {
  if (const auto* update = std::get_if<DnsProofSettings::Update>(&settings.way)) {
    return std::make_unique<acme::DnsUpdatePublisher>(context_, std::vector{update->server}, update->key);
  }
  if (const auto* exec = std::get_if<acme::ExecSettings>(&settings.way)) {
    return std::make_unique<acme::DnsExecPublisher>(context_.loop, *exec);
  }
  return std::make_unique<acme::DnsHttpPublisher>(outside_, std::get<acme::HttpHookSettings>(settings.way));
}

}  // namespace gate::app
