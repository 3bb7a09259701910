#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace gate::app {

// Asks the server at the admin socket and waits for the answer; for the command line. `patience` is how long the server
// may be silent; `progress` is called with each line of progress, and each gives it that time anew. Fails with what the
// server answered, with kNoServer when none runs, with kAdminDenied when this user may not ask it.
base::Result<nlohmann::json> call_admin(const std::string& path, const nlohmann::json& request,
                                        const std::function<void(std::string_view)>& progress = {},
                                        base::Duration patience = std::chrono::seconds(30));

}  // namespace gate::app
