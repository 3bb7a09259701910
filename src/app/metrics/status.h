#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "app/metrics/snapshot.h"

namespace gate::app {

// What `gate443 status --json` prints.
nlohmann::json status_json(const MetricsSnapshot& snapshot);

// What `gate443 status` prints: the same for people, in 80 columns, without colour. Takes the JSON, which may come from
// a server of another version: what is missing in it counts as nothing.
std::string render_status(const nlohmann::json& status);

}  // namespace gate::app
