#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

#include "app/worker_pool.h"
#include "base/result.h"
#include "feature/cache/shelf.h"

namespace gate::app {

// What the `cache` statements of all sites keep, and what they did so far.
nlohmann::json cache_status(WorkerPool& workers);

// The purge of one address, "https://example.com/a?b": with all of its variants. Fails when it is none.
base::Result<cache::Purge> purge_of_url(std::string_view url);

// Takes responses out of the caches of all workers. Says how many there were.
std::size_t purge_cache(WorkerPool& workers, const cache::Purge& purge);

}  // namespace gate::app
