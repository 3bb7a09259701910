#pragma once

#include <functional>
#include <string>

#include "acme/authority.h"
#include "acme/failure.h"
#include "acme/request.h"
#include "cert/private_key.h"
#include "cert/revocation_list.h"

namespace gate::acme {

// The certificate that is to be revoked.
struct RevocationSettings {
  std::string certificate;  // DER
  cert::PrivateKey key;
  cert::RevocationReason reason = cert::RevocationReason::kUnspecified;
};

// Has an authority revoke one of its certificates (RFC 8555 7.6). Destroying it gives up.
//
// The account signs, and where the authority does not know that as the holder, the certificate's own key does. A key
// that got into other hands proves that itself, first: Boulder, which is Let's Encrypt's authority, believes it only
// so.
class Revocation final : private AuthorityWaiter {
 public:
  // Fine as well: it was revoked before.
  using Done = std::function<void(Outcome<>)>;

  // `authority` outlives it. `done` is called once, never from within start(), and may destroy it.
  Revocation(Authority& authority, RevocationSettings settings, Done done);

  void start() { authority_.open(*this); }

 private:
  void opened(const Outcome<>& outcome) override;
  void ask(Signer signer, void (Revocation::*then)(Outcome<> outcome));
  void account_answered(Outcome<> outcome);
  void conclude(Outcome<> outcome);

  Authority& authority_;
  const RevocationSettings settings_;
  const bool key_can_sign_;
  Done done_;
  Request request_;
};

}  // namespace gate::acme
