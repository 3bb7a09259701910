#pragma once

#include <algorithm>

#include "base/clock.h"
#include "http/wire.h"

namespace gate::http::multiplex {

// The earliest of many deadlines, kept lazily: whoever begins a wait notes when it is over, and only when the earliest
// of these times has come is looked what is really due.
class LazyDeadline {
 public:
  // `time` outlives it.
  explicit LazyDeadline(const TurnTime& time) : time_(time) {}

  base::Instant at() const { return at_; }
  void note(base::Instant due) { at_ = std::min(at_, due); }

  // Whether that time has come; otherwise it is noted.
  bool reached(base::Instant due) {
    if (time_.now >= due) return true;
    note(due);
    return false;
  }

  // Forgets all, to be noted anew.
  void clear() { at_ = base::Instant::max(); }

 private:
  const TurnTime& time_;
  base::Instant at_ = base::Instant::max();
};

}  // namespace gate::http::multiplex
