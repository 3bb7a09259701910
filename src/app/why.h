#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>

#include "app/worker_pool.h"
#include "base/result.h"

namespace gate::app {

// What the workers have kept of the request with that id. Fails with kUnknownRequest.
base::Result<nlohmann::json> find_request(WorkerPool& workers, std::uint64_t id);

}  // namespace gate::app
