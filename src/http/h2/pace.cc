#include "http/h2/pace.h"

#include <algorithm>
#include <chrono>

namespace gate::http::h2 {

void Pace::start(base::Instant now) {
  if (running_) return;
  running_ = true;
  since_ = last_progress_ = now;
}

void Pace::stop(base::Instant now) {
  if (!running_) return;
  waited_ = waited(now);
  running_ = false;
}

void Pace::progress(std::size_t bytes, base::Instant now) {
  bytes_ += bytes;
  last_progress_ = now;
}

bool Pace::too_slow(base::Instant now, const Limits& limits) {
  if (!running_) return false;
  if (now - last_progress_ >= limits.stall_timeout) return true;
  const base::Duration passed = waited(now);
  if (passed < limits.body_grace) return false;
  const auto milliseconds = static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(passed).count());
  const bool slow = bytes_ != 0 && bytes_ * 1000 < limits.body_rate_min * milliseconds;
  since_ = now;
  waited_ = {};
  bytes_ = 0;
  return slow;
}

base::Instant Pace::due(const Limits& limits) const {
  if (!running_) return base::Instant::max();
  return std::min(last_progress_ + limits.stall_timeout, since_ + (limits.body_grace - waited_));
}

}  // namespace gate::http::h2
