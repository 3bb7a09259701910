#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "app/issuance.h"
#include "app/on_demand/on_demand_names.h"
#include "app/on_demand/permission.h"
#include "app/on_demand/token_bucket.h"
#include "app/on_demand_sites.h"
#include "app/worker_pool.h"
#include "base/generations.h"
#include "base/result.h"
#include "client/context.h"
#include "loop/loop.h"

namespace gate::app {

// Gets certificates for names when a client asks for them first: whether a name may have one, how many new ones there
// may be, and what workers are told. Orders and renewals are Issuance's. Control thread only.
//
//   seek ─▶ asking for permission ─▶ ordering ─▶ served
//              └────── refused ──────────┴─ failed ──▶ workers remember it for a while
class OnDemandIssuance final : private loop::Timer {
 public:
  // A name that nobody has asked for in this time is not renewed.
  static constexpr std::chrono::days kAskedWithin{30};

  struct Environment {
    client::Context& outside;
    WorkerPool& workers;
    OnDemandNames& names;
    Issuance& issuance;
    IssuanceListener& listener;
    std::function<void()> changed;  // other names have certificates
  };

  // Everything in `environment` outlives it; so do `settings` until others are adopted.
  OnDemandIssuance(Environment environment, const Settings& settings);
  // Handshakes that wait go on without.
  ~OnDemandIssuance() override;
  OnDemandIssuance(const OnDemandIssuance&) = delete;
  OnDemandIssuance& operator=(const OnDemandIssuance&) = delete;

  void adopt(const Settings& settings);

  // A handshake wants a certificate for `name`, which its worker does not have.
  void seek(const std::string& name);

  // Whether what is issued for `name` is to be given to take(): it may have become a site's own since it was ordered.
  bool takes(std::string_view name) const { return sites_.find(name) != nullptr; }
  base::Result<void> take(const std::string& name, const cert::Credential& credential);

  // The certificate of `name` is due: Issuance is permitted to renew it, or not.
  void check_renewal(const std::string& name);

  // Forgets what is over, and looks which names are still asked for.
  void maintain();

 private:
  class Waiter;
  struct Pending {
    base::Instant hold_until{};
    bool is_late = false;
  };
  // The orders of one site.
  struct Budget {
    OnDemandSettings::Rate rate;
    TokenBucket orders;
  };

  void on_timer() override;
  void keep_timer();
  void decide(const std::string& name, const SiteSettings& site);
  void answered(const std::string& name, const Permission::Answer& answer);
  void order(const std::string& name);
  void refuse(const std::string& name, std::string_view why);
  void failed(const std::string& name);
  void wait_for_rate(const std::string& name, base::Instant next);
  void turn_away(const std::string& name, base::Instant until, std::string_view why, base::ErrorCode code);
  void renewal_answered(const std::string& name, const Permission::Answer& answer);
  TokenBucket& orders_of(const SiteSettings& site);
  void review(base::WallTime now);
  void gather_used(base::WallTime now);
  bool renew_in_time(const std::string& name, const OnDemandNames::Known& known);
  void save();

  void serve(const std::string& name, const cert::Credential& credential);
  void note(const std::string& name, tls::NameStanding standing, base::Instant until = {});
  void forget(const std::string& name);
  void pause(base::Instant until);

  OnDemandCounters& counters() { return environment_.names.counters(); }
  base::Instant now() const { return environment_.outside.loop().now(); }
  base::WallTime wall() const { return environment_.outside.loop().wall(); }

  Environment environment_;
  const Settings* settings_;
  OnDemandSites sites_;
  std::map<std::string, Pending, std::less<>> pending_;
  std::map<std::string, Budget> budgets_;  // by site
  TokenBucket questions_;
  base::Generations<unsigned> failures_;        // in a row, by name
  std::set<std::string, std::less<>> leaving_;  // names that are not renewed
  base::Instant next_review_{};
  TokenBucket refusal_lines_;
  std::size_t refusals_untold_ = 0;
  base::Instant next_limit_line_{};
  Permission permission_;
};

}  // namespace gate::app
