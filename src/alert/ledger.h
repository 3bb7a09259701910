#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/notice.h"
#include "base/clock.h"
#include "base/result.h"

namespace gate::alert {

// Which problems have been told, and when: each is told once, again after a day while it lasts, and once more when it
// is over. A plain value without a clock.
class Ledger {
 public:
  static constexpr std::chrono::hours kRepeat{24};
  static constexpr std::size_t kProblemsMax = 100'000;

  // What is wrong now. Returns what is to be told.
  std::vector<Notice> update(std::span<const Problem> problems, base::WallTime now);

  std::size_t open() const { return told_.size(); }

  // As it survives a restart. Reading refuses what was not written by to_json; `origin` names the file in errors.
  std::string to_json() const;
  static base::Result<Ledger> from_json(std::string_view text, std::string_view origin);

 private:
  using Key = std::pair<std::string, std::string>;  // subject and concern
  std::map<Key, base::WallTime> told_;
};

}  // namespace gate::alert
