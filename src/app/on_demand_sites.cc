#include "app/on_demand_sites.h"

namespace gate::app {

OnDemandSites::OnDemandSites(const Settings& settings) : sites_(&settings.sites) {
  for (std::uint32_t number = 0; number < sites_->size(); ++number) {
    const SiteSettings& site = (*sites_)[number];
    for (const auto& name : site.names) names_.add(name.name, number);
    if (site.is_default) default_site_ = number;
  }
}

// As handshakes choose it.
const SiteSettings* OnDemandSites::find(std::string_view name) const {
  if (names_.has_exact(name)) return nullptr;
  const auto named = names_.find(name);
  const auto number = named ? named : default_site_;
  if (!number) return nullptr;
  const SiteSettings& site = (*sites_)[*number];
  return site.acme && site.acme->on_demand ? &site : nullptr;
}

}  // namespace gate::app
