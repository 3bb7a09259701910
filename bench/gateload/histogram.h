#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace gate::bench {

// Durations in microseconds to three significant digits, so that every percentile is within half a per cent and long
// runs take no more room than short ones.
class Histogram {
 public:
  void add(base::Duration duration);

  // As JSON: [[microseconds, count], …], the shortest first.
  std::string json() const;

 private:
  std::map<std::uint64_t, std::uint64_t> counts_;
};

}  // namespace gate::bench
