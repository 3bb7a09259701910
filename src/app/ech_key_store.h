#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tls/ech_keys.h"

namespace gate::app {

// The keys of Encrypted Client Hello that are kept in the state folder, made where there are none; another outer name
// than before gets a key of its own, and those from before still open. What stands there and is of no use is kept
// aside.
base::Result<tls::EchKeys> load_ech_keys(const std::string& state_folder, const std::string& outer_name,
                                         base::WallTime now);

base::Result<void> save_ech_keys(const std::string& state_folder, const tls::EchKeys& keys);

}  // namespace gate::app
