#include "alert/ledger.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "alert/codes.h"
#include "base/timestamp.h"

namespace gate::alert {

std::vector<Notice> Ledger::update(std::span<const Problem> problems, base::WallTime now) {
  std::vector<Notice> notices;
  std::map<Key, base::WallTime> open;
  for (const Problem& problem : problems.first(std::min(problems.size(), kProblemsMax))) {
    const Key key(problem.subject, problem.concern);
    const auto known = told_.find(key);
    // Told in the future: the clock was ahead then. Waiting for that day might mean silence for years.
    const bool is_due = known == told_.end() || now >= known->second + kRepeat || now < known->second;
    const auto [place, is_first] = open.emplace(key, is_due ? now : known->second);
    if (is_first && is_due) notices.push_back({known == told_.end() ? Occasion::kNew : Occasion::kStill, problem});
  }
  for (const auto& [key, time] : told_) {
    if (!open.contains(key))
      notices.push_back({Occasion::kOver, {.subject = key.first, .concern = key.second, .text = {}}});
  }
  told_ = std::move(open);
  return notices;
}

std::string Ledger::to_json() const {
  auto list = nlohmann::json::array();
  for (const auto& [key, time] : told_)
    list.push_back({{"subject", key.first}, {"concern", key.second}, {"told", base::to_timestamp(time)}});
  return list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

base::Result<Ledger> Ledger::from_json(std::string_view text, std::string_view origin) {
  const auto unreadable = [&] {
    return base::fail({.code = kBadLedger,
                       .side = base::Side::kSystem,
                       .what = fmt::format("{} cannot be read", origin),
                       .why = "it is not what this program writes there",
                       .fix = "nothing is to be done: alarms that last are told once more"});
  };
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array() || list.size() > kProblemsMax) return unreadable();
  Ledger ledger;
  for (const auto& each : list) {
    if (!each.is_object()) return unreadable();
    const auto member = [&](const char* name) -> const std::string* {
      const auto found = each.find(name);
      return found == each.end() ? nullptr : found->get_ptr<const std::string*>();
    };
    const auto* subject = member("subject");
    const auto* concern = member("concern");
    const auto* told = member("told");
    const auto time = told == nullptr ? std::nullopt : base::parse_timestamp(*told);
    if (subject == nullptr || concern == nullptr || !time) return unreadable();
    ledger.told_.emplace(Key(*subject, *concern), *time);
  }
  return ledger;
}

}  // namespace gate::alert
