#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"

namespace gate::acme_server {

// Numbers that are used once, so that no request can be sent again by somebody else (RFC 8555 6.5).
class Nonces {
 public:
  // Against clients that only fetch some: the oldest are forgotten, and their owners are told badNonce and try again.
  static constexpr std::size_t kMax = 16 * 1024;

  // Outlives it.
  explicit Nonces(base::Random& random) : random_(random) {}

  std::string issue();

  // Whether it is one of ours that was not used yet. It is used now.
  bool redeem(const std::string& nonce) { return good_.erase(nonce) == 1; }

 private:
  base::Random& random_;
  std::unordered_set<std::string> good_;
  std::deque<std::string> order_;  // oldest first; those that were used are still in it
};

// A name for something that nobody can guess.
std::string random_name(base::Random& random);

}  // namespace gate::acme_server
