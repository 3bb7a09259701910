#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "http/limits.h"

namespace gate::http::h2 {

// Watches whether a peer that is to send or to take bytes does so fast enough: something within the stall timeout, and
// the rate floor over each grace period (slow POST, slow read). Only time in which the peer is to act counts.
class Pace {
 public:
  // The peer is to act from now on; nothing changes if that was so already.
  void start(base::Instant now);
  // It is not: the ball is on our side.
  void stop(base::Instant now);
  bool running() const { return running_; }

  void progress(std::size_t bytes, base::Instant now);

  // Whether the peer is too slow as of now. Begins a new grace period when one has passed.
  bool too_slow(base::Instant now, const Limits& limits);

  // When too_slow() is worth asking next; Instant::max() while it is not running.
  base::Instant due(const Limits& limits) const;

 private:
  base::Duration waited(base::Instant now) const { return waited_ + (running_ ? now - since_ : base::Duration{}); }

  base::Instant since_;  // running from here
  base::Instant last_progress_;
  base::Duration waited_{};  // of this grace period, before since_
  std::uint64_t bytes_ = 0;  // of this grace period
  bool running_ = false;
};

}  // namespace gate::http::h2
