#pragma once

#include <openssl/aead.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cert/native.h"
#include "os/random.h"
#include "quic/connection.h"
#include "quic/packet_protection.h"
#include "quic/reception.h"
#include "quic/simulation_for_test.h"
#include "tls/pair_for_test.h"

// First packets of a client, and a server to give them to.
namespace gate::fuzz {

inline constexpr std::array<std::byte, 8> kDestination = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                                          std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
inline constexpr std::size_t kFramesMin = 1200;
inline constexpr std::size_t kFramesMax = 1400;
inline constexpr std::size_t kNumberBytes = 4;

// RFC 9000 17.2.2: these frames, as many as a packet has room for, sealed as a client would seal them: its keys follow
// from the id of its choice (RFC 9001 5.2). Its own id is empty.
inline std::vector<std::byte> initial_packet(base::ByteView frames, std::uint8_t packet_number = 0) {
  using cert::native_data;
  std::vector<std::byte> packet = {std::byte{0xc3}, std::byte{0}, std::byte{0},
                                   std::byte{0},    std::byte{1}, std::byte{8}};
  packet.insert(packet.end(), kDestination.begin(), kDestination.end());
  packet.insert(packet.end(), {std::byte{0}, std::byte{0}});  // no id of its own, no token
  std::vector<std::byte> plain(frames.begin(), frames.begin() + std::min(frames.size(), kFramesMax));
  plain.resize(std::max(plain.size(), kFramesMin));  // padding frames are zeros
  const std::size_t length = kNumberBytes + plain.size() + quic::kTagBytes;
  packet.push_back(static_cast<std::byte>(0x40 | length >> 8));
  packet.push_back(static_cast<std::byte>(length));
  const std::size_t number_at = packet.size();
  packet.resize(packet.size() + kNumberBytes);
  packet.back() = std::byte{packet_number};

  const auto& suite = quic::initial_suite();
  auto keys = quic::derive_keys(suite, quic::kVersion1, quic::initial_secrets(quic::kVersion1, kDestination).client);
  keys.iv.back() ^= std::byte{packet_number};  // RFC 9001 5.3: the nonce
  const bssl::UniquePtr<EVP_AEAD_CTX> aead(
      EVP_AEAD_CTX_new(suite.aead, native_data(base::ByteView(keys.key)), suite.key_bytes, quic::kTagBytes));
  const std::vector<std::byte> header = packet;
  packet.resize(header.size() + plain.size() + quic::kTagBytes);
  const auto sealed = std::span(packet).subspan(header.size());
  std::size_t size = 0;
  GATE_CHECK(EVP_AEAD_CTX_seal(aead.get(), native_data(sealed), &size, sealed.size(),
                               native_data(base::ByteView(keys.iv)), keys.iv.size(), native_data(base::ByteView(plain)),
                               plain.size(), native_data(base::ByteView(header)), header.size()));
  const quic::HeaderKey header_key(suite.header_cipher, std::span(keys.header_key).first(suite.key_bytes));
  std::array<std::byte, 5> mask;
  header_key.mask(mask, std::span<const std::byte, quic::kSampleBytes>(packet.data() + number_at + kNumberBytes,
                                                                       quic::kSampleBytes));
  packet[0] ^= mask[0] & std::byte{0x0f};
  for (std::size_t i = 0; i < kNumberBytes; ++i) packet[number_at + i] ^= mask[1 + i];
  return packet;
}

// A server that has heard of nobody.
class Server {
 public:
  // Begins a connection with the first packet, if it is one that can; gives it all of them, and lets it answer. Null
  // where nothing has begun; lives until the next call.
  quic::Connection* receive(std::span<const std::vector<std::byte>> packets) {
    side_.reset();
    std::array<std::byte, quic::Reception::kReplyBytesMax> reply;
    const quic::ConnectionIdCodec codec(keys_.ids);
    const auto decision =
        reception_.judge(packets.front(), path_, clock_.wall(), false, codec.encode({}, random_), reply);
    if (decision.action != quic::Reception::Action::kAccept) return nullptr;
    side_ = std::make_unique<quic::for_test::Side>(random_, keys_);
    side_->connection = std::make_unique<quic::Connection>(quic::ConnectionSettings{}, tls_, *side_, *side_,
                                                           decision.first, path_, clock_);
    for (const auto& packet : packets) side_->connection->receive(path_, 0, packet, clock_.now());
    std::array<std::byte, 65536> room;
    constexpr int kTrainsMax = 16;
    for (int i = 0; i < kTrainsMax && side_->connection->produce(room, clock_.now()); ++i) {
    }
    return side_->connection.get();
  }

 private:
  quic::for_test::Clock clock_;
  quic::for_test::Random random_{1};
  quic::ServerKeys keys_ = quic::ServerKeys::generate(random_);
  quic::Reception reception_{keys_, random_};
  std::shared_ptr<const tls::ServerContext> tls_ = tls::for_test::make_server(tls::for_test::example_settings());
  quic::Path path_{.local = *base::Endpoint::parse("192.0.2.9:443"), .peer = *base::Endpoint::parse("192.0.2.7:4000")};
  std::unique_ptr<quic::for_test::Side> side_;
};

}  // namespace gate::fuzz
