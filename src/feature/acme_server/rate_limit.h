#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace gate::acme_server {

// Counts what somebody does in an hour.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_hour) : per_hour_(per_hour) {}

  // Whether he may do it once more; counts it if so.
  bool take(const std::string& who, base::Instant now) {
    if (counts_.size() > kMax) counts_.clear();
    Count& count = counts_[who];
    if (now - count.since >= std::chrono::hours(1)) count = {now, 0};
    return ++count.done <= per_hour_;
  }

 private:
  // Against somebody with very many addresses; others begin to count anew then.
  static constexpr std::size_t kMax = 10'000;

  struct Count {
    base::Instant since;
    std::uint32_t done = 0;
  };
  std::uint32_t per_hour_;
  std::unordered_map<std::string, Count> counts_;
};

}  // namespace gate::acme_server
