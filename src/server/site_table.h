#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "http/service.h"
#include "loop/loop.h"
#include "server/host_table.h"
#include "server/plan.h"

namespace gate::server {

// A site as one worker runs it. Lives until a reload drops it and its last exchange has ended.
struct Site final : loop::Mortal {
  std::shared_ptr<const SitePlan> plan;
  std::unique_ptr<http::Service> service;
  std::uint32_t exchanges = 0;
  bool retired = false;
};

// Builds the site's services for a worker.
std::unique_ptr<Site> build_site(const std::shared_ptr<const SitePlan>& plan,
                                 const http::ServiceEnvironment& environment);

// Hosts to sites, for one worker and one configuration. Look-ups cost the same for one site and for ten thousand.
class SiteTable {
 public:
  explicit SiteTable(const http::ServiceEnvironment& environment) : environment_(environment) {}

  // Makes the table that of `plan`. Sites whose fingerprint has not changed keep their objects. The others are given
  // back as retired: those without exchanges may be buried, the rest when their last one ends.
  std::vector<std::unique_ptr<Site>> adopt(const Plan& plan);

  // Exact name, then wildcard of one label, then the default site; null when there is none. `host` is in lower case.
  Site* find(std::string_view host) const { return hosts_.find(host).site; }

 private:
  http::ServiceEnvironment environment_;
  std::vector<std::unique_ptr<Site>> sites_;
  HostTable<Site> hosts_;
};

}  // namespace gate::server
