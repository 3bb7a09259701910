#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "client/pool.h"
#include "client/resolver.h"
#include "http/wire.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "observe/counter.h"

namespace gate::client {

// What everything that speaks to other servers on one worker shares. Outlives it.
class Context {
 public:
  // All outlive the context.
  static base::Result<std::unique_ptr<Context>> create(loop::Loop& loop, net::TurnBuffers& buffers,
                                                       const http::TurnTime& time, base::Random& random);
  Context(loop::Loop& loop, net::TurnBuffers& buffers, const http::TurnTime& time, base::Random& random,
          std::unique_ptr<Resolver> resolver)
      : loop_(loop), buffers_(buffers), time_(time), random_(random), resolver_(std::move(resolver)) {}

  loop::Loop& loop() { return loop_; }
  net::TurnBuffers& buffers() { return buffers_; }
  const http::TurnTime& time() const { return time_; }
  base::Random& random() { return random_; }
  Resolver& resolver() { return *resolver_; }

  // The pool for these settings: the one there is while anybody holds it, so that a reload keeps its connections. `key`
  // is a text that is equal where all settings are.
  std::shared_ptr<Pool> pool(const std::string& key, const PoolSettings& settings);

  observe::Counter bytes_received;
  observe::Counter bytes_sent;

 private:
  loop::Loop& loop_;
  net::TurnBuffers& buffers_;
  const http::TurnTime& time_;
  base::Random& random_;
  std::unique_ptr<Resolver> resolver_;
  std::map<std::string, std::weak_ptr<Pool>> pools_;
};

}  // namespace gate::client
