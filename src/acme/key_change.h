#pragma once

#include <functional>

#include "acme/authority.h"
#include "acme/failure.h"
#include "acme/request.h"
#include "base/result.h"
#include "cert/private_key.h"

namespace gate::acme {

// Gives our account at an authority another key (RFC 8555 7.3.5).
//
// The new key is on disk beside the old one before the authority hears of it, and both stay until it is known which of
// them the authority has. So nothing that ends this in the middle loses the account: who opens it next finds out.
// Destroying it gives up.
class KeyChange final : private AuthorityWaiter {
 public:
  using Done = std::function<void(Outcome<>)>;

  // `authority` outlives it, and nobody signs by the account meanwhile; who opens it waits. `done` is called once,
  // never from within start(), and may destroy it.
  KeyChange(Authority& authority, Done done);
  ~KeyChange() override;
  KeyChange(const KeyChange&) = delete;
  KeyChange& operator=(const KeyChange&) = delete;

  void start() { authority_.open(*this); }

 private:
  void opened(const Outcome<>& outcome) override;
  base::Result<std::string> demand(const cert::PrivateKey& key) const;
  void answered(const Outcome<Answer>& answer);
  Outcome<> settle(const Outcome<Answer>& answer) const;
  void conclude(Outcome<> outcome);

  Authority& authority_;
  Done done_;
  Request request_;
  bool holds_ = false;
};

}  // namespace gate::acme
