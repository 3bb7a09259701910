#pragma once

#include <functional>
#include <optional>
#include <string>

#include "feature/acme_server/desk.h"
#include "feature/acme_server/orders.h"
#include "feature/acme_server/problem.h"

namespace gate::acme_server {

// What a client claims to have put where only the owner of a name can.
struct Proof {
  Statement statement;
  ChallengeType type = ChallengeType::kHttp01;
  std::string name;
  std::string token;
  std::string key_authorization;  // RFC 8555 8.1
};

// Looks whether it is there.
class Validator {
 public:
  // Nothing: it is there; else why not.
  using Done = std::function<void(std::optional<Problem>)>;

  // `done` is called once, later, never from within.
  virtual void validate(Proof proof, Done done) = 0;

 protected:
  ~Validator() = default;
};

}  // namespace gate::acme_server
