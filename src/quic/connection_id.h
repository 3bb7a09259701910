#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/xtea.h"

namespace gate::quic {

// A connection id, ours or the peer's. A value: its bytes are inside.
class ConnectionId {
 public:
  // RFC 9000 17.2: "In QUIC version 1, this value MUST NOT exceed 20 bytes."
  static constexpr std::size_t kBytesMax = 20;

  ConnectionId() = default;  // the empty id

  // Nothing when there are more than 20 bytes.
  static std::optional<ConnectionId> from(base::ByteView bytes);

  base::ByteView bytes() const { return std::span(bytes_).first(size_); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;

 private:
  std::array<std::byte, kBytesMax> bytes_{};  // zeros behind the id
  std::uint8_t size_ = 0;
};

// The destination connection id of a packet (RFC 8999 5): where a short header has one of ours. Nothing for what is too
// short, and for ids longer than those of today's versions.
std::optional<ConnectionId> destination_of(base::ByteView datagram);

// The hash of a table of connection ids: SipHash-2-4, since clients choose ids and would choose those that collide.
class ConnectionIdHash {
 public:
  using Key = std::array<std::uint64_t, 2>;

  // `key` is random and stays secret.
  explicit ConnectionIdHash(const Key& key) : key_(key) {}

  std::size_t operator()(const ConnectionId& id) const;

 private:
  Key key_;
};

// Where the connection of an id of ours lives.
struct ConnectionHome {
  std::uint8_t generation = 0;  // of the process: each that takes over from another counts on
  std::uint8_t worker = 0;

  friend bool operator==(const ConnectionHome&, const ConnectionHome&) = default;
};

// Our own connection ids, which say to nobody but us where their connection lives. Nine octets in the shape of
// draft-ietf-quic-load-balancers:
//
//   3 bits  config rotation, zero
//   5 bits  random
//   8 octets, one block encrypted with a key of the server's:
//     generation, worker, 6 random octets
//
// The draft encrypts with AES. We use XTEA, so that the kernel's packet steering can decrypt the block too: it runs a
// classic BPF program, which cannot compute AES. What a broken cipher would tell is the worker and the generation, and
// so perhaps that two ids may belong to one connection; no byte of a connection is protected by it.
class ConnectionIdCodec {
 public:
  static constexpr std::size_t kIdBytes = 9;
  static constexpr std::size_t kBlockOffset = 1;
  // The lowest bit of the worker's octet in the decrypted block, as a big-endian number.
  static constexpr unsigned kWorkerShift = 48;

  using Key = std::array<std::byte, 16>;

  // All processes that share sockets have the same key.
  explicit ConnectionIdCodec(const Key& key) : cipher_(key) {}

  // A new id. It is not looked up whether it is in use already; by chance, that is so once in 2^53 draws.
  ConnectionId encode(const ConnectionHome& home, base::Random& random) const;

  // Nothing for an id of another length. Nine octets that a client chose yield any home at all: whoever follows this
  // checks that there is such a worker, and such a connection.
  std::optional<ConnectionHome> decode(base::ByteView id) const;

  const base::Xtea& cipher() const { return cipher_; }

 private:
  base::Xtea cipher_;
};

}  // namespace gate::quic
