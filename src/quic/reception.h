#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "quic/address_tokens.h"
#include "quic/connection.h"
#include "quic/connection_id.h"
#include "quic/path.h"

namespace gate::quic {

// The secrets of a server's QUIC. All its workers have the same, and so have a process and its successor, so that each
// can read the others' ids and tokens.
struct ServerKeys {
  ConnectionIdCodec::Key ids{};
  std::array<std::byte, 32> resets{};
  AddressTokens::Key tokens{};

  static ServerKeys generate(base::Random& random);
};

// RFC 9000 10.3.2: the token of an id, which needs no memory of the id.
ResetToken reset_token_of(const std::array<std::byte, 32>& key, const ConnectionId& id);

// Deals with datagrams that belong to no connection. Holds nothing about anybody, so that a flood of them costs no
// memory.
class Reception {
 public:
  Reception(const ServerKeys& keys, base::Random& random) : keys_(keys), tokens_(keys.tokens), random_(random) {}

  enum class Action : std::uint8_t {
    kDrop,
    kAccept,  // a connection may begin
    kReply,   // a packet is to be sent back: Version Negotiation, Retry or Stateless Reset
  };
  struct Decision {
    Action action = Action::kDrop;
    FirstPacket first{};          // kAccept
    std::size_t reply_bytes = 0;  // kReply
  };

  // `own_id` is a fresh id of ours for a Retry. With `demand_proof` only clients are accepted that have shown their
  // address; others get a Retry. `reply` has room for kReplyBytesMax.
  Decision judge(base::ByteView datagram, const Path& path, base::WallTime now, bool demand_proof,
                 const ConnectionId& own_id, std::span<std::byte> reply) const;

  const AddressTokens& tokens() const { return tokens_; }

  // Version Negotiation is the longest: ids of unknown versions may have 255 bytes each (RFC 8999 5.1).
  static constexpr std::size_t kReplyBytesMax = 544;

 private:
  Decision negotiate_version(std::uint32_t asked, base::ByteView destination, base::ByteView source,
                             std::span<std::byte> reply) const;
  Decision reset(base::ByteView datagram, base::ByteView destination, std::span<std::byte> reply) const;
  Decision ask_to_retry(const FirstPacket& first, const Path& path, base::WallTime now, const ConnectionId& own_id,
                        std::span<std::byte> reply) const;

  const ServerKeys keys_;
  AddressTokens tokens_;
  base::Random& random_;
};

}  // namespace gate::quic
