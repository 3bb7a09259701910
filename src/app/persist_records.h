#pragma once

#include <functional>
#include <string>
#include <vector>

#include "acme/authority.h"
#include "acme/solver.h"
#include "base/result.h"

namespace gate::app {

// A record of dns-persist-01 for one name, as it is to stand in its zone.
struct PersistRecordState {
  std::string name;     // "example.com", "*.example.com"
  std::string line;     // of a zone file
  base::Result<> seen;  // else why it is not seen, or is another one
};

// Finds out which records of dns-persist-01 our account at an authority needs for names, and whether they are in the
// DNS now. Control thread. Destroying it gives up, as long as the solver is not asked any more.
class PersistRecords final : private acme::AuthorityWaiter {
 public:
  using Done = std::function<void(base::Result<std::vector<PersistRecordState>>)>;

  // Both outlive it. `done` is called once, never from within start(), and may destroy it.
  PersistRecords(acme::Authority& authority, acme::Solver& looker, std::vector<std::string> names, Done done);

  void start() { authority_.open(*this); }

 private:
  void opened(const acme::Outcome<>& outcome) override;
  void looked(std::size_t index, base::Result<> result);
  acme::Challenge challenge_for(const std::string& name) const;
  void conclude(base::Result<std::vector<PersistRecordState>> result);

  acme::Authority& authority_;
  acme::Solver& looker_;
  const std::vector<std::string> names_;
  Done done_;
  std::vector<PersistRecordState> states_;
  std::size_t outstanding_ = 0;
};

}  // namespace gate::app
