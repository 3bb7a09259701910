#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "tls/name_table.h"

namespace gate::app {

// Which site takes a name that gets its certificate on demand.
class OnDemandSites {
 public:
  // `settings` outlive it.
  explicit OnDemandSites(const Settings& settings);

  // Null: a site is called so, no site takes the name, or the one that does has nothing on demand. `name` is in lower
  // case.
  const SiteSettings* find(std::string_view name) const;

 private:
  const std::vector<SiteSettings>* sites_;
  tls::NameTable names_;
  std::optional<std::uint32_t> default_site_;
};

}  // namespace gate::app
