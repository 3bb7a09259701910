#include "app/challenge_table.h"

#include <utility>

namespace gate::app {

std::optional<std::string> ChallengeTable::answer(std::string_view token) const {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(token);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

void ChallengeTable::put(const std::string& token, const std::string& key_authorization) {
  const std::lock_guard lock(mutex_);
  answers_.insert_or_assign(token, key_authorization);
}

void ChallengeTable::remove(const std::string& token) {
  const std::lock_guard lock(mutex_);
  answers_.erase(token);
}

void HttpSolver::present(const acme::Challenge& challenge, Done done) {
  table_.put(challenge.token, challenge.key_authorization);
  loop_.post([done = std::move(done)] { done({}); });
}

void HttpSolver::clean_up(const acme::Challenge& challenge, Done done) {
  table_.remove(challenge.token);
  loop_.post([done = std::move(done)] { done({}); });
}

}  // namespace gate::app
