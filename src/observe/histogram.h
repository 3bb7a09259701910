#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "observe/counter.h"

namespace gate::observe {

// How durations of one microsecond to an hour fall into buckets: eight to each power of two, so a bucket's bounds are
// within an eighth of each other. Powers of two are bucket bounds, so counts below them are exact.
struct HistogramBuckets {
  static constexpr unsigned kStepBits = 3;
  static constexpr std::uint64_t kSteps = 1U << kStepBits;
  static constexpr unsigned kPowerMax = 32;  // 2^32 µs are 71 minutes; longer durations count as that
  static constexpr std::size_t kCount = (kPowerMax - kStepBits + 1) * kSteps;

  static constexpr std::size_t index(std::uint64_t microseconds) {
    const std::uint64_t value = std::min(microseconds, (std::uint64_t{1} << kPowerMax) - 1);
    if (value < kSteps) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
    return static_cast<std::size_t>((shift << kStepBits) + (value >> shift));
  }

  // The first value, in microseconds, that is above the bucket.
  static constexpr std::uint64_t end(std::size_t bucket) {
    if (bucket < kSteps) return bucket + 1;
    const std::size_t shift = (bucket >> kStepBits) - 1;
    const std::uint64_t first = (bucket & (kSteps - 1)) + kSteps;
    return (first + 1) << shift;
  }
};

// The sum of histograms at one moment; a plain value for the reader.
struct HistogramSnapshot {
  std::array<std::uint64_t, HistogramBuckets::kCount> buckets{};
  std::uint64_t count = 0;
  std::uint64_t sum_microseconds = 0;

  // How many durations were shorter than `microseconds`, which should be a power of two.
  std::uint64_t below(std::uint64_t microseconds) const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < buckets.size() && HistogramBuckets::end(i) <= microseconds; ++i) total += buckets[i];
    return total;
  }

  // An upper bound in microseconds, at most an eighth too high, of the duration that `share` (0 to 1) of all stay
  // below; 0 when there are none.
  std::uint64_t quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      seen += buckets[i];
      if (seen > 0 && seen >= wanted) return HistogramBuckets::end(i);
    }
    return 0;
  }
};

// Counts durations. One worker records, anybody reads.
class Histogram {
 public:
  void record(base::Duration duration) {
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) / 1000;
    buckets_[HistogramBuckets::index(microseconds)].add();
    sum_microseconds_.add(microseconds);
  }

  void add_to(HistogramSnapshot& total) const {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const std::uint64_t count = buckets_[i].value();
      total.buckets[i] += count;
      total.count += count;
    }
    total.sum_microseconds += sum_microseconds_.value();
  }

 private:
  std::array<Counter, HistogramBuckets::kCount> buckets_;
  Counter sum_microseconds_;
};

}  // namespace gate::observe
