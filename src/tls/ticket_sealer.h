#pragma once

#include <openssl/aead.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "tls/ticket_keys.h"

namespace gate::tls {

// Seals and opens session tickets with AES-256-GCM: key name, nonce, ciphertext, tag. The nonce is random: with a new
// key every 12 hours a server would have to seal 100 000 tickets a second to come near the 2^32 of NIST SP 800-38D 8.3.
class TicketSealer {
 public:
  static constexpr std::size_t kNameSize = 16;
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;
  static constexpr std::size_t kOverhead = kNameSize + kNonceSize + kTagSize;

  explicit TicketSealer(const TicketKeys& keys);

  // Input and output do not overlap.

  // The ticket's size, written to `out`; nothing if it does not fit or the library fails.
  std::optional<std::size_t> seal(std::span<std::byte> out, base::ByteView state) const;

  // The state's size, written to `out`; nothing for a ticket that is not ours or of a key that is gone.
  std::optional<std::size_t> open(std::span<std::byte> out, base::ByteView ticket) const;

 private:
  struct Key {
    std::array<std::byte, kNameSize> name;
    bssl::UniquePtr<EVP_AEAD_CTX> aead;
  };
  std::vector<Key> keys_;  // newest first
};

}  // namespace gate::tls
