#pragma once

#include <atomic>
#include <cstdint>

namespace gate::observe {

// A number that one worker changes and anybody reads: a relaxed load and store, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A value that one worker sets and anybody reads.
template <class Value>
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(Value value) : value_(value) {}
  Gauge& operator=(Value value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  Value value() const { return value_.load(std::memory_order_relaxed); }
  operator Value() const { return value(); }

 private:
  std::atomic<Value> value_{};
  static_assert(std::atomic<Value>::is_always_lock_free);
};

}  // namespace gate::observe
