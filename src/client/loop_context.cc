#include "client/loop_context.h"

#include <utility>

namespace gate::client {

base::Result<std::unique_ptr<LoopContext>> LoopContext::create(loop::Loop& loop, base::Random& random) {
  GATE_TRY_ASSIGN(auto resolver, Resolver::create(loop));
  return std::make_unique<LoopContext>(loop, random, std::move(resolver));
}

LoopContext::LoopContext(loop::Loop& loop, base::Random& random, std::unique_ptr<Resolver> resolver)
    : loop_(loop),
      buffers_(std::make_unique_for_overwrite<net::TurnBuffers>()),
      context_(loop, *buffers_, time_, random, std::move(resolver)) {
  loop_.observe_turns(this);
  on_turn_start();
}

LoopContext::~LoopContext() { loop_.observe_turns(nullptr); }

void LoopContext::on_turn_start() {
  time_.now = loop_.now();
  time_.wall = loop_.wall();
}

}  // namespace gate::client
