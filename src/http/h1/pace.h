#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"
#include "http/limits.h"

namespace gate::http::h1 {

// When a peer has been too slow: a sender of a body, or a reader of a response. It begins with the time of
// `body_grace`, each byte buys its share of a second at `body_rate_min`, and no more than `stall_timeout` can be saved
// up. So a trickle below the rate ends after the grace, and a fast peer may pause.
class Pace {
 public:
  explicit Pace(const Limits& limits) : limits_(limits) {}

  void start(base::Instant now) { due_ = now + limits_.body_grace; }

  // Starts, but what was saved up stays: a reader that has just been sent megabytes still has them before it in the
  // system's buffer, and nothing is heard of it until a good part of that is read.
  void resume(base::Instant now) { due_ = std::max<base::Instant>(due_, now + limits_.body_grace); }

  void progress(base::Instant now, std::size_t bytes) {
    const auto furthest = now + limits_.stall_timeout;
    if (limits_.body_rate_min == 0) {
      due_ = furthest;
      return;
    }
    constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // more buys no more, and the product must fit
    const base::Duration bought = std::chrono::seconds(std::min(bytes, kBytesMax));
    due_ = std::min<base::Instant>(furthest, due_ + bought / limits_.body_rate_min);
  }

  base::Instant due() const { return due_; }

 private:
  const Limits& limits_;
  base::Instant due_{};
};

}  // namespace gate::http::h1
