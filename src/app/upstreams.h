#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "app/worker_pool.h"
#include "base/result.h"

namespace gate::app {

// The servers that requests are passed on to, of all workers together: name, state, weight, what is in flight,
// requests, failures.
nlohmann::json list_upstreams(WorkerPool& workers);

// What an operator says of a server.
struct UpstreamChange {
  std::string server;  // as in the configuration, or as the list names it
  std::optional<bool> drained{};
  std::optional<std::uint32_t> weight{};
};

// Carries it out on every worker, from the next request on. Fails when no statement names the server.
base::Result<void> change_upstream(WorkerPool& workers, const UpstreamChange& change);

}  // namespace gate::app
