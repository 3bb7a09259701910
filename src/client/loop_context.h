#pragma once

#include <memory>

#include "base/result.h"
#include "client/context.h"
#include "http/wire.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"

namespace gate::client {

// What is needed to ask other servers from a loop that is no worker's: the control thread's.
class LoopContext final : private loop::TurnObserver {
 public:
  // Both outlive it. It becomes the observer of the loop's turns.
  static base::Result<std::unique_ptr<LoopContext>> create(loop::Loop& loop, base::Random& random);
  LoopContext(loop::Loop& loop, base::Random& random, std::unique_ptr<Resolver> resolver);
  ~LoopContext();
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  Context& context() { return context_; }

 private:
  void on_turn_start() override;
  void on_stall(base::Duration) override {}

  loop::Loop& loop_;
  std::unique_ptr<net::TurnBuffers> buffers_;
  http::TurnTime time_{};
  Context context_;
};

}  // namespace gate::client
