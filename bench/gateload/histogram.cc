#include "bench/gateload/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gate::bench {

namespace {

constexpr std::uint64_t three_digits(std::uint64_t number) {
  constexpr std::uint64_t kThreeDigits = 1000;
  std::uint64_t scale = 1;
  for (; number >= kThreeDigits; number /= 10) scale *= 10;
  return number * scale;
}

static_assert(three_digits(0) == 0 && three_digits(999) == 999);
static_assert(three_digits(1000) == 1000 && three_digits(12'349) == 12'300);

}  // namespace

void Histogram::add(base::Duration duration) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  ++counts_[three_digits(static_cast<std::uint64_t>(std::max<std::int64_t>(0, elapsed)))];
}

std::string Histogram::json() const {
  std::string text = "[";
  for (const auto& [microseconds, count] : counts_) {
    if (text.size() > 1) text += ',';
    text += fmt::format("[{},{}]", microseconds, count);
  }
  return text + ']';
}

}  // namespace gate::bench
