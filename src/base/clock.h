#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace gate::base {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::steady_clock::time_point;   // never jumps; for deadlines and durations
using WallTime = std::chrono::system_clock::time_point;  // may jump; for dates shown and stored

// Where time comes from. Loops cache it once a turn; tests move it by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
};

// The system's clocks.
class SystemClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

// Where unpredictable bytes come from.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

}  // namespace gate::base
