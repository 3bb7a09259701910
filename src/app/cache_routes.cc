#include "app/cache_routes.h"

#include "app/worker_pool.h"

namespace gate::app {

void CacheRoutes::tell_others(std::size_t from, const cache::ShelfChange& change) {
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    if (index == from) continue;
    cache::Store& store = workers_.responses(index);
    workers_.worker(index).post([&store, change] { store.receive(change); });
  }
}

}  // namespace gate::app
