#pragma once

#include <cstddef>

#include "base/clock.h"
#include "http/limits.h"

namespace gate::http {

// Watches whether a peer that is to send or to take bytes does so fast enough (slow POST, slow read). It begins with
// the time of `body_grace`, each byte buys its share of a second at `body_rate_min`, and no more than `stall_timeout`
// can be saved up: a trickle below the rate ends after the grace, and a fast peer may pause. Only time in which the
// peer is to act counts.
class Pace {
 public:
  explicit Pace(const Limits& limits) : Pace(limits, limits.body_grace) {}
  // With another grace.
  Pace(const Limits& limits, base::Duration grace) : limits_(&limits), grace_(grace), left_(grace) {}

  // The peer is to act from now on, with the whole grace before it.
  void begin(base::Instant now);
  // The same with what is left since it was stopped; nothing changes while it runs.
  void start(base::Instant now);
  // The same with what it has saved up, and the grace at least: a reader that has just been sent megabytes still has
  // them before it in the system's buffer, and nothing is heard of it until a good part of that is read.
  void resume(base::Instant now);
  // From now on there is no rate: whatever comes gives the peer the whole `stall_timeout` anew. Tunnels say when they
  // have something to say.
  void ask_no_rate();
  // The ball is on our side.
  void stop(base::Instant now);
  bool running() const { return running_; }

  void progress(std::size_t bytes, base::Instant now);

  bool too_slow(base::Instant now) const { return now >= due(); }

  // When it will be too slow, unless something comes; Instant::max() while it is not running.
  base::Instant due() const { return running_ ? due_ : base::Instant::max(); }

 private:
  const Limits* limits_;
  base::Duration grace_;
  base::Instant due_{};
  base::Duration left_;  // while it is stopped
  bool running_ = false;
  bool any_rate_ = false;
};

}  // namespace gate::http
