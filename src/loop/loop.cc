#include "loop/loop.h"

#include <utility>

namespace gate::loop {

Loop::Loop(const base::Clock& system, os::Fd queue, std::unique_ptr<Mailbox> mailbox)
    : system_(system), queue_(std::move(queue)), mailbox_(std::move(mailbox)), timers_(system.now()) {
  read_clocks();
}

Loop::~Loop() = default;

void Loop::read_clocks() {
  now_ = system_.now();
  wall_ = system_.wall();
  if (observer_) observer_->on_turn_start();
}

void Loop::schedule(TurnEnd& work) {
  if (!work.scheduled()) turn_ends_.push_back(work);
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_relaxed)) turn(base::Instant::max());
}

void Loop::stop() {
  post([this] { stopping_.store(true, std::memory_order_relaxed); });
}

void Loop::turn(base::Instant until) {
  wait(turn_ends_.empty() ? std::min(until, timers_.next()) : now_);
  if (std::exchange(mail_, false)) mailbox_->run_all();
  timers_.advance(now_);
  run_turn_ends();
  // Taken out first: the dying may bury others, whose turn is the next.
  std::exchange(graveyard_, {}).clear();
  turns_.add();
  const base::Duration took = system_.now() - now_;
  if (took > kStallThreshold && observer_) observer_->on_stall(took);
}

// Work scheduled by this work waits for the next turn, which then does not sleep: nobody can hold the loop here.
void Loop::run_turn_ends() {
  base::IntrusiveList<TurnEnd> present;
  present.take_all(turn_ends_);
  while (!present.empty()) present.pop_front().on_turn_end();
}

}  // namespace gate::loop
