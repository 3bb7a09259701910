#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "cert/condition.h"

namespace gate::app {

// What was lately found about chains: to judge those of thousands of sites anew every few minutes, or all at once at
// the start, would keep the control thread from its work.
class TrustMemory {
 public:
  static constexpr std::size_t kJudgedMax = 200;  // in one look: some 30 ms

  // A verdict: what is wrong with the chain, or nothing.
  using Verdict = std::optional<cert::Finding>;
  using Fingerprint = std::array<std::byte, 32>;

  // The verdict of today; null: the chain has to be judged.
  const Verdict* find(const Fingerprint& fingerprint, base::WallTime now) const {
    const auto known = verdicts_.find(fingerprint);
    if (known == verdicts_.end() || now < known->second.at || now >= known->second.at + std::chrono::days(1))
      return nullptr;
    return &known->second.verdict;
  }

  // Whether one more may be judged in this look. What may not is counted as good for now, and the look as incomplete.
  bool may_judge() {
    if (judged_ < kJudgedMax) {
      ++judged_;
      return true;
    }
    complete_ = false;
    return false;
  }

  void keep(const Fingerprint& fingerprint, Verdict verdict, base::WallTime now) {
    if (verdicts_.size() >= kVerdictsMax) verdicts_.clear();
    verdicts_.insert_or_assign(fingerprint, Known{now, std::move(verdict)});
  }

  void begin_look() {
    judged_ = 0;
    complete_ = true;
  }
  bool complete() const { return complete_; }

 private:
  static constexpr std::size_t kVerdictsMax = 200'000;  // renewals leave the verdicts of the replaced ones behind
  struct Known {
    base::WallTime at;
    Verdict verdict;
  };

  std::map<Fingerprint, Known> verdicts_;
  std::size_t judged_ = 0;
  bool complete_ = true;
};

}  // namespace gate::app
