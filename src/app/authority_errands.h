#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "acme/key_change.h"
#include "acme/revocation.h"
#include "app/issuance.h"
#include "app/persist_records.h"
#include "cert/credential.h"
#include "cert/revocation_list.h"

namespace gate::app {

// What people want of authorities beside certificates. Control thread only.
class AuthorityErrands {
 public:
  // All outlive it; the solvers must not call back any more when it ends.
  AuthorityErrands(Issuance& issuance, DnsSolvers& dns_solvers, IssuanceListener& listener)
      : issuance_(issuance), dns_solvers_(dns_solvers), listener_(listener) {}
  AuthorityErrands(const AuthorityErrands&) = delete;
  AuthorityErrands& operator=(const AuthorityErrands&) = delete;

  struct RevocationWish {
    std::string site;
    cert::RevocationReason reason = cert::RevocationReason::kUnspecified;
    bool wants_another = true;  // certificate at once, with another key
  };

  // Has the authority of a site revoke `credential`, which the site serves with. `waiter` is told when another one is
  // there, or that it was revoked.
  void revoke(const RevocationWish& wish, const cert::Credential& credential, std::unique_ptr<IssuanceWaiter> waiter);

  // Finds out which records of dns-persist-01 a site needs, and whether they are there.
  void find_persist_records(std::string_view site, PersistRecords::Done done);

  // Gives the account at an authority (see Issuance::account_at) another key; `waiter` is told.
  void change_key(std::string_view authority, std::unique_ptr<IssuanceWaiter> waiter);

 private:
  struct ChangingKey {
    acme::Authority* authority = nullptr;
    std::unique_ptr<IssuanceWaiter> waiter;
    std::unique_ptr<acme::KeyChange> request{};
  };
  struct Revoking {
    RevocationWish wish;
    acme::Authority* authority = nullptr;
    std::unique_ptr<IssuanceWaiter> waiter;
    std::unique_ptr<acme::Revocation> request{};
  };

  void revoked(std::list<Revoking>::iterator place, const acme::Outcome<>& outcome);

  void key_changed(const acme::Outcome<>& outcome);

  Issuance& issuance_;
  DnsSolvers& dns_solvers_;
  IssuanceListener& listener_;
  std::list<Revoking> revoking_;
  std::optional<ChangingKey> changing_key_;
  std::list<std::unique_ptr<PersistRecords>> looking_;
};

}  // namespace gate::app
