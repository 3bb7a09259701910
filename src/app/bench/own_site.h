#pragma once

#include <optional>
#include <string>

#include "app/bench/bench_report.h"
#include "app/configuration_source.h"
#include "base/result.h"

namespace gate::app {

// What is to be measured of the user's configuration.
struct OwnWish {
  ConfigurationSource source;
  std::string site;  // empty: the first that can be measured
  std::string path = "/";
};

// The site of `settings`, which are those of the source; nothing where none can be measured. What must not be done with
// it, because another server would be asked, the server's own cache used or a client's certificate wanted, is said in
// it. Fails with kNoSuchSite when the one asked for is not there.
base::Result<std::optional<OwnSite>> choose_own_site(const OwnWish& wish, const Settings& settings);

}  // namespace gate::app
