#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "acme/revocation.h"
#include "app/issuance.h"
#include "cert/credential.h"
#include "cert/revocation_list.h"

namespace gate::app {

// What people want of authorities beside certificates. Control thread only.
class AuthorityErrands {
 public:
  // Both outlive it.
  AuthorityErrands(Issuance& issuance, IssuanceListener& listener) : issuance_(issuance), listener_(listener) {}
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

 private:
  struct Revoking {
    RevocationWish wish;
    std::string authority;  // its host
    std::unique_ptr<IssuanceWaiter> waiter;
    std::unique_ptr<acme::Revocation> request{};
  };

  void revoked(std::list<Revoking>::iterator place, const acme::Outcome<>& outcome);

  Issuance& issuance_;
  IssuanceListener& listener_;
  std::list<Revoking> revoking_;
};

}  // namespace gate::app
