#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>

#include "base/clock.h"

namespace gate::cert::for_test {

// Random bytes that a seed repeats.
class SeededRandom final : public base::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  void fill(std::span<std::byte> bytes) override {
    std::ranges::generate(bytes, [this] { return static_cast<std::byte>(engine_()); });
  }

  // Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace gate::cert::for_test
