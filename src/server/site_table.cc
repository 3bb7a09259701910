#include "server/site_table.h"

#include <algorithm>
#include <array>
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
  ByText<std::unique_ptr<Site>> before;
  for (auto& site : sites_) {
    std::string fingerprint = site->plan->fingerprint;
    before.emplace(std::move(fingerprint), std::move(site));
  }
  sites_.clear();
  by_host_.clear();
  default_ = nullptr;
  for (const auto& site_plan : plan.sites) {
    std::unique_ptr<Site> site;
    if (const auto kept = before.find(site_plan->fingerprint); kept != before.end()) {
      site = std::move(kept->second);
      before.erase(kept);
    } else {
      site = build_site(site_plan, environment_);
    }
    if (site_plan->is_default) default_ = site.get();
    for (const auto& host : site_plan->hosts) by_host_.emplace(host, site.get());
    sites_.push_back(std::move(site));
  }
  std::vector<std::unique_ptr<Site>> retired;
  for (auto& [fingerprint, site] : before) {
    retired.push_back(std::move(site));
  }
  return retired;
}

Site* SiteTable::find_exact(std::string_view host) const {
  const auto found = by_host_.find(host);
  return found == by_host_.end() ? nullptr : found->second;
}

Site* SiteTable::find(std::string_view host) const {
  if (Site* site = find_exact(host)) return site;
  constexpr std::size_t kNameBytesMax = 255;  // RFC 1035 2.3.4
  const auto dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0 || host.size() > kNameBytesMax) return default_;
  std::array<char, kNameBytesMax + 1> wildcard;
  wildcard[0] = '*';
  const auto parent = host.substr(dot);
  std::copy(parent.begin(), parent.end(), wildcard.begin() + 1);
  Site* site = find_exact({wildcard.data(), parent.size() + 1});
  return site ? site : default_;
}

}  // namespace gate::server
