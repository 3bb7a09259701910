#pragma once

#include <cstddef>

#include "feature/cache/store.h"

namespace gate::app {

class WorkerPool;

// The way of what one worker's cache tells those of the others: by post, in the order it was said.
class CacheRoutes final : public cache::StorePeers {
 public:
  // `workers` outlives it.
  explicit CacheRoutes(const WorkerPool& workers) : workers_(workers) {}

  void tell_others(std::size_t from, const cache::ShelfChange& change) override;

 private:
  const WorkerPool& workers_;
};

}  // namespace gate::app
