#include "client/context.h"

#include <algorithm>

namespace gate::client {

PoolUse::~PoolUse() {
  if (pool_) context_->release(*pool_);
}

PoolUse Context::pool(const std::string& key, const PoolSettings& settings) {
  Shared& shared = pools_[key];
  if (!shared.pool) shared.pool = std::make_unique<Pool>(*this, settings);
  ++shared.users;
  return {*this, *shared.pool};
}

void Context::release(const Pool& pool) {
  const auto shared = std::ranges::find_if(pools_, [&](const auto& entry) { return entry.second.pool.get() == &pool; });
  if (--shared->second.users == 0) pools_.erase(shared);
}

}  // namespace gate::client
