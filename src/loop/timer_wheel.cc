#include "loop/timer_wheel.h"

#include <algorithm>

// g++ 12 takes the list on the stack, which is empty again when it dies, for one that is left behind.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif

namespace gate::loop {

std::uint64_t TimerWheel::tick_of(base::Instant when) const {
  if (when <= start_) return 0;
  // Rounded up: a timer never fires early.
  return static_cast<std::uint64_t>((when - start_ + kTick - base::Duration{1}) / kTick);
}

void TimerWheel::arm(Timer& timer, base::Instant when) {
  timer.unlink();
  const std::uint64_t farthest = now_tick_ + (std::uint64_t{1} << (kSlotBits * kLevels)) - 1;
  const std::uint64_t tick = when == base::Instant::max() ? farthest : tick_of(when);
  timer.due_tick_ = std::clamp(tick, now_tick_ + 1, farthest);
  place(timer);
}

// A timer stands on the lowest level on which its slot is not the current one: where its tick and the present one
// first differ, seen from the top.
void TimerWheel::place(Timer& timer) {
  const std::uint64_t difference = timer.due_tick_ ^ now_tick_;
  unsigned level = difference == 0 ? 0 : (static_cast<unsigned>(std::bit_width(difference)) - 1) / kSlotBits;
  // Beyond the wheel's period the differing bit is above the top level, which then holds it for one more turn.
  level = std::min(level, kLevels - 1);
  const std::size_t slot = slot_index(timer.due_tick_, level);
  levels_[level][slot].push_back(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::advance(base::Instant now) {
  if (now <= start_) return;
  const auto target = static_cast<std::uint64_t>((now - start_) / kTick);
  while (now_tick_ < target) {
    // Ticks without timers are skipped, so that waking after a long sleep costs nothing.
    const auto coming = next_tick();
    now_tick_ = std::min(target, coming.value_or(target));
    if (now_tick_ != coming) return;
    for (unsigned level = 1; level < kLevels && slot_index(now_tick_, level - 1) == 0; ++level) cascade(level);
    const std::size_t slot = slot_index(now_tick_, 0);
    occupied_[0] &= ~(std::uint64_t{1} << slot);
    fire(levels_[0][slot]);
  }
}

void TimerWheel::cascade(unsigned level) {
  const std::size_t slot = slot_index(now_tick_, level);
  occupied_[level] &= ~(std::uint64_t{1} << slot);
  Slot moving;
  moving.take_all(levels_[level][slot]);
  while (!moving.empty()) place(moving.pop_front());
}

void TimerWheel::fire(Slot& slot) {
  Slot due;
  due.take_all(slot);
  while (!due.empty()) {
    Timer& timer = due.pop_front();
    // On the top level a slot may hold timers of the next period.
    if (timer.due_tick_ > now_tick_) {
      place(timer);
    } else {
      timer.on_timer();
    }
  }
}

// Slots of a level all lie ahead within its present turn, so those of the lowest occupied level come first.
std::optional<std::uint64_t> TimerWheel::next_tick() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const std::size_t current = slot_index(now_tick_, level);
    const std::uint64_t ahead = std::rotr(occupied_[level], static_cast<int>((current + 1) % kSlots));
    const auto distance = static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1;
    const std::uint64_t unit = std::uint64_t{1} << (level * kSlotBits);
    return (now_tick_ / unit + distance) * unit;
  }
  return std::nullopt;
}

base::Instant TimerWheel::next() const {
  const auto tick = next_tick();
  return tick ? start_ + kTick * static_cast<std::int64_t>(*tick) : base::Instant::max();
}

}  // namespace gate::loop
