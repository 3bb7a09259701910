#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "base/clock.h"

namespace gate::tls {

// The keys session tickets are sealed with: the newest seals, all of them open. An immutable value that the control
// thread makes and every worker gets a copy of; secrets are wiped when a copy dies.
//
// Lifetime: a key seals for `kRotation`, and opens for two more. A ticket is valid for `kTicketLifetime`, so no ticket
// outlives its key, and a stolen key exposes at most 36 hours of resumptions (RFC 8446 8.1, RFC 5077 5.5).
class TicketKeys {
 public:
  static constexpr std::chrono::hours kRotation{12};
  static constexpr std::chrono::hours kTicketLifetime{24};
  static constexpr std::size_t kKeysMax = 3;

  struct Key {
    std::array<std::byte, 16> name{};    // random, sent in the clear
    std::array<std::byte, 32> secret{};  // AES-256-GCM
    base::WallTime created;
  };

  // One fresh key.
  static TicketKeys generate(base::Random& random, base::WallTime now);

  TicketKeys(const TicketKeys&) = default;
  TicketKeys& operator=(const TicketKeys&) = delete;  // it would leave the old secrets in memory
  ~TicketKeys();

  // A fresh key in front of these; the oldest beyond `kKeysMax` and those past their time are dropped.
  TicketKeys rotated(base::Random& random, base::WallTime now) const;

  // Whether the newest key is to stop sealing: it is old enough, or the clock was set back behind its beginning.
  bool rotation_is_due(base::WallTime now) const {
    const auto created = keys_.front().created;
    return now < created || now >= created + kRotation;
  }

  // Newest first, at least one.
  std::span<const Key> keys() const { return keys_; }

 private:
  TicketKeys() = default;
  std::vector<Key> keys_;
};

}  // namespace gate::tls
