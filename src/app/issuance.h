#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/authority.h"
#include "acme/order_run.h"
#include "acme/solver.h"
#include "acme/window_question.h"
#include "app/acme_settings.h"
#include "app/certificates.h"
#include "app/dns_solvers.h"
#include "app/metrics/snapshot.h"
#include "app/settings.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/renewal.h"
#include "cert/store.h"
#include "client/context.h"
#include "loop/loop.h"
#include "observe/audit.h"
#include "os/file.h"

namespace gate::app {

// Told of what the orders came to.
class IssuanceListener {
 public:
  // `credential` is for the site of this name: it is to be kept and to be served.
  virtual base::Result<void> issued(const std::string& site, const cert::Credential& credential) = 0;
  // The certificate of a name on demand is due: to be answered, now or later, by permit() or remove().
  virtual void renewal_wanted(const std::string& name) = 0;
  virtual void audit(observe::AuditKind kind, std::string_view text, base::ErrorCode code) = 0;

 protected:
  ~IssuanceListener() = default;
};

// Waits for an order, for a person.
class IssuanceWaiter {
 public:
  virtual ~IssuanceWaiter() = default;
  virtual void progress(std::string_view text) = 0;
  // The end: what was issued, in words, or why nothing was.
  virtual void ended(const base::Result<std::string>& outcome) = 0;
};

// Gets certificates for sites from authorities and renews them, a few at a time. Control thread only.
class Issuance final : private loop::Timer {
 public:
  // Of sites, and as many of names on demand. More would only wait for each other, and authorities bound the requests
  // of one address.
  static constexpr std::size_t kRunsMax = 4;

  // An order that is under way, for people.
  struct Running {
    std::string authority;  // "acme-v02.api.letsencrypt.org"
    std::string doing;
    base::WallTime since;
  };

  struct Environment {
    client::Context& outside;
    base::Random& random;
    IssuanceListener& listener;
    std::vector<acme::Solver*> solvers;  // what there is; the preferred one first
    DnsSolvers& dns_solvers;
  };

  // Everything in `environment` outlives it, but the solvers: they must not call back any more when it ends.
  Issuance(Environment environment, std::string state_folder);
  ~Issuance() override;
  Issuance(const Issuance&) = delete;
  Issuance& operator=(const Issuance&) = delete;

  // These sites are wanted, and have these certificates. Orders of sites that stay go on.
  void adopt(const Settings& settings, const std::vector<SiteCredentials>& credentials);

  // Begins what is due.
  void maintain();

  // Orders at once, whatever the calendar says; `waiter` is told of it, also that no site of that name has a
  // certificate of an authority.
  void order_now(std::string_view site, std::unique_ptr<IssuanceWaiter> waiter);

  // A name on demand, beside the sites of the configuration: its certificate is renewed once that is permitted. `leaf`
  // is the one at hand; null: there is none, and only order_now() orders one. Such names stay until they are removed,
  // whatever is adopted. A site of that name goes before.
  void add(const std::string& name, const AcmeSettings& settings, const std::string& email,
           const cert::Certificate* leaf);
  void permit(std::string_view name);
  void remove(std::string_view name);

  // The authority has taken the certificate of a site back: another one is ordered at once.
  void note_revoked(const std::string& site);

  // Where the certificate of a site can be taken back: the authority that it came from, as far as that is known, else
  // the first of the site's. kNoSuchOrder where the site has none.
  base::Result<acme::Authority*> issuer(std::string_view site);

  // The names of a site that has certificates of authorities, and the one that is asked first; kNoSuchOrder.
  struct Wanted {
    std::vector<std::string> names;
    acme::Authority* authority = nullptr;
  };
  base::Result<Wanted> wanted(std::string_view site);

  // The authority where there is an account of ours, by its host or the URL of its directory; empty: the only one.
  // kNoSuchAccount where there is none so, or several.
  base::Result<acme::Authority*> account_at(std::string_view authority);

  // Whether an order is under way by the account in this folder.
  bool is_ordering_by(std::string_view account_folder) const;

  // The account in this folder is another one now; no order is under way by it.
  void reload_accounts(std::string_view account_folder);

  // The authority has taken the certificate of a site back because its owner wanted that: with `waiter` another one is
  // ordered, and it is told; without, none is until a person orders or the site changes.
  void replace_revoked(std::string_view site, std::unique_ptr<IssuanceWaiter> waiter);

  // The order for a site; nothing: none is under way.
  std::optional<Running> running(std::string_view site) const;

  // What has become of orders since the server has begun.
  const OrdersByAuthority& orders() const { return orders_; }

 private:
  struct Site {
    std::vector<std::string> names;
    AcmeSettings settings;
    std::string email;
    std::string text;                           // of what is wanted: a change is a reason to order
    std::optional<cert::Validity> certificate;  // nothing: a stand-in serves
    std::string identifier;                     // of that certificate, at its authority; empty: it has none
    cert::RenewalFacts facts;
    std::size_t authority = 0;   // of the list, that is asked
    std::string directory;       // of that one, whatever became of the list meanwhile
    bool wanted_now = false;     // by a person
    bool is_configured = false;  // else it is forgotten when its order ends
    bool is_on_demand = false;   // a name, rather than a site
    bool is_permitted = false;   // to be renewed
    std::vector<std::unique_ptr<IssuanceWaiter>> waiters;
    std::optional<os::FileLock> lock;  // against other processes, while it is ordered
    std::unique_ptr<acme::OrderRun> run;
    std::string run_at;  // the authority's host
    base::WallTime run_since;
    std::unique_ptr<acme::WindowQuestion> question;
  };

  using Sites = std::map<std::string, Site, std::less<>>;

  void on_timer() override;
  Sites::iterator find(std::string_view name);
  static void tell(Site& site, const base::Result<std::string>& outcome);
  void take(const SiteSettings& wanted, const std::string& email, const SiteCredentials& credentials);
  cert::RenewalStep next_step(const std::string& name, const Site& site) const;
  std::size_t runs(bool on_demand) const;
  bool waits_for_permission(const std::string& name, const Site& site);
  void begin(const std::string& name, Site& site);
  std::vector<acme::Solver*> solvers_for(const Site& site) const;
  acme::Authority& authority_for(const Site& site, const AuthoritySettings& wanted);
  const AuthoritySettings* issuer_of(const Site& site) const;
  void ask_window(const std::string& name, Site& site);
  void advised(const std::string& name, acme::Outcome<acme::RenewalAdvice> advice);
  std::string replaced(const Site& site, const AuthoritySettings& wanted) const;
  static void note_certificate(Site& site, const cert::Certificate& leaf);
  void ended(const std::string& name, acme::Outcome<acme::Issued> outcome);
  void succeeded(const std::string& name, Site& site, acme::Issued issued);
  void failed(const std::string& name, Site& site, const acme::Failure& failure);
  void keep_facts(const std::string& name, const Site& site);

  Environment environment_;
  const std::string state_folder_;
  const cert::Store store_;
  std::map<std::string, std::unique_ptr<acme::Authority>> authorities_;  // by what they are known by
  Sites sites_;
  OrdersByAuthority orders_;
};

}  // namespace gate::app
