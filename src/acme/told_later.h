#pragma once

#include <utility>
#include <vector>

#include "acme/solver.h"
#include "base/result.h"
#include "loop/loop.h"

namespace gate::acme {

// What a solver knows at once and may not tell from within: told at the end of the turn, if the solver is still there.
class ToldLater final : private loop::TurnEnd {
 public:
  // `loop` outlives it.
  explicit ToldLater(loop::Loop& loop) : loop_(loop) {}

  void add(Solver::Done done, base::Result<> result) {
    waiting_.emplace_back(std::move(done), std::move(result));
    loop_.schedule(*this);
  }

 private:
  // What is told may destroy this.
  void on_turn_end() override {
    auto told = std::exchange(waiting_, {});
    for (auto& [done, result] : told) done(std::move(result));
  }

  loop::Loop& loop_;
  std::vector<std::pair<Solver::Done, base::Result<>>> waiting_;
};

}  // namespace gate::acme
