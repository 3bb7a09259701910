#include "bench/gateload/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gate::bench {

void Histogram::add(base::Duration duration) {
  constexpr std::uint64_t kThreeDigits = 1000;
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  auto digits = static_cast<std::uint64_t>(std::max<std::int64_t>(0, elapsed));
  std::uint64_t scale = 1;
  for (; digits >= kThreeDigits; digits /= 10) scale *= 10;
  ++counts_[digits * scale];
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
