#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace gate::app {

// When the HSTS ramp of a site was first served: remembered in the state folder, so that a restart does not begin it
// anew. The first call for a site writes it down.
base::Result<base::WallTime> hsts_ramp_began(const std::string& state_folder, const std::string& site,
                                             base::WallTime now);

}  // namespace gate::app
