#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "client/pool.h"
#include "client/resolver.h"
#include "client/server_record.h"
#include "http/wire.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "observe/counter.h"

namespace gate::client {

class Context;

// The use of a pool: it lives while anybody uses it. Move-only; ends before the context.
class PoolUse {
 public:
  PoolUse() = default;
  PoolUse(Context& context, Pool& pool) : context_(&context), pool_(&pool) {}
  PoolUse(PoolUse&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)), pool_(std::exchange(other.pool_, nullptr)) {}
  PoolUse& operator=(PoolUse&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~PoolUse();

  Pool* operator->() const { return pool_; }
  Pool& operator*() const { return *pool_; }

 private:
  Context* context_ = nullptr;
  Pool* pool_ = nullptr;
};

// What everything that speaks to other servers on one worker shares. Outlives it.
class Context {
 public:
  // All outlive the context.
  Context(loop::Loop& loop, net::TurnBuffers& buffers, const http::TurnTime& time, base::Random& random,
          std::unique_ptr<Resolver> resolver)
      : loop_(loop), buffers_(buffers), time_(time), random_(random), resolver_(std::move(resolver)) {}

  loop::Loop& loop() { return loop_; }
  net::TurnBuffers& buffers() { return buffers_; }
  const http::TurnTime& time() const { return time_; }
  base::Random& random() { return random_; }
  Resolver& resolver() { return *resolver_; }

  // The pool for these settings: the one there is while anybody uses it, so that a reload keeps its connections. `key`
  // is a text that is equal where all settings are.
  PoolUse pool(const std::string& key, const PoolSettings& settings);

  ServerRecords& records() { return records_; }
  const ServerRecords& records() const { return records_; }

  observe::Counter bytes_received;
  observe::Counter bytes_sent;

 private:
  friend class PoolUse;
  struct Shared {
    std::unique_ptr<Pool> pool;
    std::size_t users = 0;
  };
  void release(const Pool& pool);

  loop::Loop& loop_;
  net::TurnBuffers& buffers_;
  const http::TurnTime& time_;
  base::Random& random_;
  std::unique_ptr<Resolver> resolver_;
  std::map<std::string, Shared> pools_;
  ServerRecords records_;
};

}  // namespace gate::client
