#include "client/context.h"

namespace gate::client {

base::Result<std::unique_ptr<Context>> Context::create(loop::Loop& loop, net::TurnBuffers& buffers,
                                                       const http::TurnTime& time, base::Random& random) {
  GATE_TRY_ASSIGN(auto resolver, Resolver::create(loop));
  return std::make_unique<Context>(loop, buffers, time, random, std::move(resolver));
}

std::shared_ptr<Pool> Context::pool(const std::string& key, const PoolSettings& settings) {
  std::erase_if(pools_, [](const auto& entry) { return entry.second.expired(); });
  if (const auto known = pools_.find(key); known != pools_.end()) return known->second.lock();
  auto made = std::make_shared<Pool>(*this, settings);
  pools_[key] = made;
  return made;
}

}  // namespace gate::client
