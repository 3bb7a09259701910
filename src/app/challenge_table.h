#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "acme/solver.h"
#include "http/challenge_source.h"
#include "loop/loop.h"

namespace gate::app {

// The answers to http-01 challenges (RFC 8555 8.3): put there by the control thread, given out by workers. The lock is
// taken only for requests below /.well-known/acme-challenge/.
class ChallengeTable final : public http::ChallengeSource {
 public:
  std::optional<std::string> answer(std::string_view token) const override;

  void put(const std::string& token, const std::string& key_authorization);
  void remove(const std::string& token);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> answers_;
};

// Solves http-01 by that table. Control thread.
class HttpSolver final : public acme::Solver {
 public:
  // Both outlive it.
  HttpSolver(ChallengeTable& table, loop::Loop& loop) : table_(table), loop_(loop) {}

  std::string_view type() const override { return "http-01"; }
  void present(const acme::Challenge& challenge, Done done) override;
  void clean_up(const acme::Challenge& challenge, Done done) override;

 private:
  ChallengeTable& table_;
  loop::Loop& loop_;
};

}  // namespace gate::app
