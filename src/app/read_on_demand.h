#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

struct OnDemandSettings;
struct SiteSettings;

// The block of `on-demand { … }`.
std::shared_ptr<const OnDemandSettings> read_on_demand(const conf::Statement& statement, conf::Reader& reader);

// Whether the site has names to order certificates for when clients ask for them.
void check_on_demand(const SiteSettings& site, conf::Reader& reader);

// A row of the block's words, for `gate443 explain`.
struct OnDemandWord {
  std::string_view name;
  std::string_view synopsis;
  std::string_view summary;
};
std::vector<OnDemandWord> on_demand_words();

}  // namespace gate::app
