#include "quic/reception.h"

#include <ngtcp2/ngtcp2.h>
#include <openssl/digest.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/check.h"
#include "quic/connection_callbacks.h"
#include "quic/keys.h"
#include "quic/native.h"
#include "quic/packet_protection.h"

namespace gate::quic {
namespace {

// RFC 9000 14.1: "A server MUST discard an Initial packet that is carried in a UDP datagram with a payload that is
// smaller than the smallest allowed maximum datagram size of 1200 bytes."
constexpr std::size_t kInitialDatagramMin = 1200;

// RFC 9000 7.2: "This Destination Connection ID MUST be at least 8 bytes in length."
constexpr std::size_t kFirstIdMin = 8;

// RFC 9000 10.3: "An endpoint MUST NOT send a Stateless Reset that is three times or more larger than the packet it
// receives", and 10.3.3: it should be smaller, so that two endpoints do not answer each other for ever. What is shorter
// than this cannot be answered with a packet that looks like any other.
constexpr std::size_t kResetMin = 21;
constexpr std::size_t kResetBytes = 42;

// RFC 9000 15: one of the reserved versions, 0x?a?a?a?a, keeps clients from choking on versions they do not know. Never
// the one that was asked for (RFC 9000 6.2): "A client MUST discard a Version Negotiation packet that lists the QUIC
// version selected by the client."
std::uint32_t reserved_version(std::span<const std::byte, 4> random, std::uint32_t asked) {
  std::uint32_t version = 0;
  for (const std::byte each : random) version = version << 8 | std::to_integer<std::uint32_t>(each);
  version = (version & 0xf0f0f0f0) | 0x0a0a0a0a;
  return version == asked ? version ^ 0x10000000 : version;
}

bool has_short_header(base::ByteView datagram) { return (datagram[0] & std::byte{0x80}) == std::byte{0}; }

}  // namespace

ServerKeys ServerKeys::generate(base::Random& random) {
  ServerKeys keys;
  random.fill(keys.ids);
  random.fill(keys.resets);
  random.fill(keys.tokens);
  return keys;
}

ResetToken reset_token_of(const std::array<std::byte, 32>& key, const ConnectionId& id) {
  std::array<std::byte, SHA256_DIGEST_LENGTH> digest{};
  unsigned size = 0;
  GATE_CHECK(HMAC(EVP_sha256(), key.data(), key.size(), native_data(id.bytes()), id.size(), native_room(digest),
                  &size) != nullptr);
  ResetToken token;
  base::copy_bytes(token, std::span(digest).first(token.size()));
  return token;
}

Reception::Decision Reception::judge(base::ByteView datagram, const Path& path, base::WallTime now, bool demand_proof,
                                     const ConnectionId& own_id, std::span<std::byte> reply) const {
  if (datagram.empty()) return {};
  ngtcp2_version_cid ids;
  const int decoded =
      ngtcp2_pkt_decode_version_cid(&ids, native_data(datagram), datagram.size(), ConnectionIdCodec::kIdBytes);
  if (decoded == NGTCP2_ERR_VERSION_NEGOTIATION) {
    if (datagram.size() < kInitialDatagramMin) return {};
    return negotiate_version(ids.version, native_bytes(ids.dcid, ids.dcidlen), native_bytes(ids.scid, ids.scidlen),
                             reply);
  }
  if (decoded != 0) return {};
  if (has_short_header(datagram)) return reset(datagram, native_bytes(ids.dcid, ids.dcidlen), reply);
  ngtcp2_pkt_hd header;
  if (datagram.size() < kInitialDatagramMin || ngtcp2_accept(&header, native_data(datagram), datagram.size()) != 0 ||
      header.dcid.datalen < kFirstIdMin) {
    return {};
  }
  FirstPacket first{.version = header.version, .destination = id_of(header.dcid), .source = id_of(header.scid)};
  const base::ByteView token = native_bytes(header.token, header.tokenlen);
  const auto proof = token.empty() ? std::nullopt : tokens_.verify(token, path.peer, first.destination, now);
  if (proof) {
    first.before_retry = proof->original;
    first.token_of_retry = proof->original.has_value();
    first.token.assign(token.begin(), token.end());
  } else if (AddressTokens::is_of_retry(token)) {
    // RFC 9000 8.1.2: its client takes no second Retry; "the server can discard such a packet".
    return {};
  } else if (demand_proof) {
    return ask_to_retry(first, path, now, own_id, reply);
  }
  return {.action = Action::kAccept, .first = std::move(first)};
}

Reception::Decision Reception::negotiate_version(std::uint32_t asked, base::ByteView destination, base::ByteView source,
                                                 std::span<std::byte> reply) const {
  std::array<std::byte, 5> random{};
  random_.fill(random);
  const std::array<std::uint32_t, 3> offered = {reserved_version(std::span(random).first<4>(), asked), kVersion1,
                                                kVersion2};
  const ngtcp2_ssize size = ngtcp2_pkt_write_version_negotiation(
      native_room(reply), reply.size(), std::to_integer<std::uint8_t>(random[4]), native_data(source), source.size(),
      native_data(destination), destination.size(), offered.data(), offered.size());
  GATE_CHECK(size > 0);
  return {.action = Action::kReply, .reply_bytes = static_cast<std::size_t>(size)};
}

Reception::Decision Reception::reset(base::ByteView datagram, base::ByteView destination,
                                     std::span<std::byte> reply) const {
  const auto id = ConnectionId::from(destination);
  if (!id || datagram.size() <= kResetMin) return {};
  const std::size_t size = std::min(datagram.size() - 1, kResetBytes);
  std::array<std::byte, kResetBytes> random{};
  random_.fill(random);
  ngtcp2_stateless_reset_token token;
  base::copy_bytes(std::as_writable_bytes(std::span(token.data)), reset_token_of(keys_.resets, *id));
  const ngtcp2_ssize written = ngtcp2_pkt_write_stateless_reset2(
      native_room(reply), reply.size(), &token, native_data(random), size - NGTCP2_STATELESS_RESET_TOKENLEN);
  if (written <= 0) return {};
  return {.action = Action::kReply, .reply_bytes = static_cast<std::size_t>(written)};
}

Reception::Decision Reception::ask_to_retry(const FirstPacket& first, const Path& path, base::WallTime now,
                                            const ConnectionId& own_id, std::span<std::byte> reply) const {
  const auto token = tokens_.for_retry(path.peer, first.destination, own_id, now, random_);
  const ngtcp2_cid destination = native_id(first.source);
  const ngtcp2_cid source = native_id(own_id);
  const ngtcp2_cid original = native_id(first.destination);
  const ngtcp2_crypto_ctx suite = native_suite(initial_suite());
  ngtcp2_crypto_aead_ctx key = make_aead(initial_suite(), retry_key(first.version).key);
  const ngtcp2_ssize size =
      ngtcp2_pkt_write_retry(native_room(reply), reply.size(), first.version, &destination, &source, &original,
                             native_data(token), token.size(), ConnectionCallbacks::seal, &suite.aead, &key);
  free_key(key);
  GATE_CHECK(size > 0);
  return {.action = Action::kReply, .reply_bytes = static_cast<std::size_t>(size)};
}

}  // namespace gate::quic
