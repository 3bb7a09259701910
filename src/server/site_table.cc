#include "server/site_table.h"

#include <string>
#include <unordered_map>
#include <utility>

namespace gate::server {

std::unique_ptr<Site> build_site(const std::shared_ptr<const SitePlan>& plan,
                                 const http::ServiceEnvironment& environment) {
  auto site = std::make_unique<Site>();
  site->plan = plan;
  site->service = plan->service->build(environment);
  return site;
}

std::vector<std::unique_ptr<Site>> SiteTable::adopt(const Plan& plan) {
  std::unordered_map<std::string, std::unique_ptr<Site>> before;
  for (auto& site : sites_) {
    std::string fingerprint = site->plan->fingerprint;
    before.emplace(std::move(fingerprint), std::move(site));
  }
  sites_.clear();
  hosts_.clear();
  for (const auto& site_plan : plan.sites) {
    std::unique_ptr<Site> site;
    if (const auto kept = before.find(site_plan->fingerprint); kept != before.end()) {
      site = std::move(kept->second);
      before.erase(kept);
    } else {
      site = build_site(site_plan, environment_);
    }
    if (site_plan->is_default) hosts_.set_default(*site);
    for (const auto& host : site_plan->hosts) hosts_.add(host, *site);
    sites_.push_back(std::move(site));
  }
  std::vector<std::unique_ptr<Site>> retired;
  for (auto& [fingerprint, site] : before) {
    retired.push_back(std::move(site));
  }
  return retired;
}

}  // namespace gate::server
