#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace gate::app {

// Lets so many pass at once, and again as many in every period, spread evenly over it.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t count, base::Duration period)
      : count_(std::max(count, 1U)), interval_(std::max(period / count_, base::Duration(1))) {}

  // Whether one may pass now.
  bool take(base::Instant now) {
    if (now < next(now)) return false;
    full_at_ = std::max(full_at_, now) + interval_;
    return true;
  }

  // From when on one may pass; `now` or before: at once.
  base::Instant next(base::Instant now) const { return std::max(full_at_, now) - interval_ * (count_ - 1); }

 private:
  std::uint32_t count_;
  base::Duration interval_;
  base::Instant full_at_{};  // when as many may pass at once as ever
};

}  // namespace gate::app
