#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ip.h"
#include "quic/connection_id.h"

namespace gate::quic {

// Tokens by which clients show that they can be reached at their address (RFC 9000 8.1): sealed, so that none can be
// made up, and bound to the address and a time.
class AddressTokens {
 public:
  using Key = std::array<std::byte, 32>;

  // How long a token is good. A Retry is answered at once; the other kind waits for the client's next visit.
  static constexpr base::Duration kRetryLifetime = std::chrono::seconds(10);
  static constexpr base::Duration kLaterLifetime = std::chrono::hours(24);

  // All workers, and a process and its successor, have the same key.
  explicit AddressTokens(const Key& key) : key_(key) {}

  // For a Retry packet: `original` is the client's first destination id, `retry` the one the Retry gives it.
  std::vector<std::byte> for_retry(const base::Endpoint& peer, const ConnectionId& original, const ConnectionId& retry,
                                   base::WallTime now, base::Random& random) const;
  // For NEW_TOKEN.
  std::vector<std::byte> for_later(const base::IpAddress& peer, base::WallTime now, base::Random& random) const;

  struct Proof {
    std::optional<ConnectionId> original;  // of the client, where the token came with a Retry
  };
  // What a token shows of a client at `peer` whose packet has `destination`. Nothing: it shows nothing.
  std::optional<Proof> verify(base::ByteView token, const base::Endpoint& peer, const ConnectionId& destination,
                              base::WallTime now) const;

  // Whether it is one of for_retry, good or not: its client takes no second Retry.
  static bool is_of_retry(base::ByteView token);

 private:
  std::vector<std::byte> seal(std::byte kind, base::ByteView content, base::Random& random) const;

  Key key_;
};

}  // namespace gate::quic
