#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/intrusive_list.h"

namespace gate::loop {

class TimerWheel;

// Something to be done at a time. Belongs to one wheel at most and leaves it when destroyed.
class Timer : private base::ListNode<Timer> {
 public:
  virtual ~Timer() = default;

  bool armed() const { return linked(); }

 protected:
  // Called once the time has come, no longer armed; may arm itself again.
  virtual void on_timer() = 0;

 private:
  friend class TimerWheel;
  friend class base::IntrusiveList<Timer>;
  std::uint64_t due_tick_ = 0;
};

// Many timers, armed and cancelled in constant time, at a resolution of one tick. Never fires early; fires late by a
// tick at most, as long as advance() is called.
//
// Those whose deadline keeps moving out (every idle connection's) should not re-arm each time: keep the deadline in a
// field, let the timer fire at the old one, look, and arm again.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{4};

  explicit TimerWheel(base::Instant start) : start_(start) {}

  // Arms or re-arms `timer` for `when`; a past time means the next tick. The farthest is about 18 hours away: later
  // ones fire then and have to look again.
  void arm(Timer& timer, base::Instant when);
  void cancel(Timer& timer) { timer.unlink(); }

  // Fires all that are due at `now`.
  void advance(base::Instant now);

  // When advance should be called next, or Instant::max() without timers. May be earlier than the first timer, never
  // later.
  base::Instant next() const;

 private:
  static constexpr unsigned kSlotBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr unsigned kLevels = 4;
  using Slot = base::IntrusiveList<Timer>;

  void place(Timer& timer);
  void cascade(unsigned level);
  void fire(Slot& slot);
  std::uint64_t tick_of(base::Instant when) const;
  std::optional<std::uint64_t> next_tick() const;
  static std::size_t slot_index(std::uint64_t tick, unsigned level) {
    return tick >> (level * kSlotBits) & (kSlots - 1);
  }

  base::Instant start_;
  std::uint64_t now_tick_ = 0;
  std::array<std::array<Slot, kSlots>, kLevels> levels_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit a slot; may be set for a slot that has become empty
};

}  // namespace gate::loop
