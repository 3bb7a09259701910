#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "acme/solver.h"
#include "acme/told_later.h"
#include "base/clock.h"
#include "base/ip.h"
#include "dns/exchange.h"

namespace gate::acme {

// Proves names by a TXT record that an administrator has published once (dns-persist-01): sees whether it is there.
class DnsPersistSolver final : public Solver {
 public:
  // How long before a record's end it is told.
  static constexpr std::chrono::hours kWarningTime{30 * 24};
  using Warn = std::function<void(const base::Error&)>;

  // `context` outlives it. `warn` is told of records that end soon.
  DnsPersistSolver(const dns::Context& context, std::vector<base::Endpoint> resolvers, Warn warn);

  std::string_view type() const override { return "dns-persist-01"; }
  void present(const Challenge& challenge, Done done) override;
  void clean_up(const Challenge& challenge, Done done) override;

 private:
  base::Result<> judge(const Challenge& challenge, const base::Result<dns::Answer>& answer) const;

  dns::Context context_;
  std::vector<base::Endpoint> resolvers_;
  Warn warn_;
  ToldLater later_;
  std::list<dns::Exchange> under_way_;
};

}  // namespace gate::acme
