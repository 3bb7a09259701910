#include "http/pace.h"

#include <algorithm>
#include <chrono>

namespace gate::http {

void Pace::begin(base::Instant now) {
  running_ = true;
  due_ = now + grace_;
}

void Pace::start(base::Instant now) {
  if (running_) return;
  running_ = true;
  due_ = now + left_;
}

void Pace::resume(base::Instant now) {
  running_ = true;
  due_ = std::max<base::Instant>(due_, now + grace_);
}

void Pace::ask_no_rate() {
  any_rate_ = true;
  grace_ = left_ = limits_->stall_timeout;
}

void Pace::stop(base::Instant now) {
  if (!running_) return;
  running_ = false;
  left_ = std::max(due_ - now, base::Duration{});
}

void Pace::progress(std::size_t bytes, base::Instant now) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // more buys no more, and the product must fit
  const base::Duration all = limits_->stall_timeout;
  const base::Duration bought = std::chrono::seconds(std::min(bytes, kBytesMax));
  const base::Duration share = any_rate_ || limits_->body_rate_min == 0 ? all : bought / limits_->body_rate_min;
  const base::Duration left = std::min(all, (running_ ? due_ - now : left_) + share);
  left_ = left;
  if (running_) due_ = now + left;
}

}  // namespace gate::http
