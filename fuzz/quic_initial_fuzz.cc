// Frames of a first packet, sealed as a client would seal them (its keys follow from its own connection id, RFC 9001
// 5.2), so that they get through to the frame parser, the ClientHello and the transport parameters. The same bytes also
// come as a datagram of their own.

#include <openssl/aead.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "cert/native.h"
#include "os/random.h"
#include "quic/connection.h"
#include "quic/packet_protection.h"
#include "quic/reception.h"
#include "quic/simulation_for_test.h"
#include "tls/pair_for_test.h"

namespace {

using namespace gate;
using cert::native_data;

constexpr std::array<std::byte, 8> kDestination = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                                   std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
constexpr std::size_t kFramesMin = 1200;
constexpr std::size_t kFramesMax = 1400;
constexpr std::size_t kNumberBytes = 4;

// RFC 9000 17.2.2
std::vector<std::byte> initial_packet(base::ByteView frames) {
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

  const auto& suite = quic::initial_suite();
  const auto keys =
      quic::derive_keys(suite, quic::kVersion1, quic::initial_secrets(quic::kVersion1, kDestination).client);
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

struct Setting {
  quic::for_test::Clock clock;
  quic::for_test::Random random{1};
  quic::ServerKeys keys = quic::ServerKeys::generate(random);
  quic::Reception reception{keys, random};
  std::shared_ptr<const tls::ServerContext> tls = tls::for_test::make_server(tls::for_test::example_settings());
  quic::Path path{.local = *base::Endpoint::parse("192.0.2.9:443"), .peer = *base::Endpoint::parse("192.0.2.7:4000")};
};

void try_packet(Setting& setting, base::ByteView packet) {
  std::array<std::byte, quic::Reception::kReplyBytesMax> reply;
  const quic::ConnectionIdCodec codec(setting.keys.ids);
  const auto decision = setting.reception.judge(packet, setting.path, setting.clock.wall(), false,
                                                codec.encode({}, setting.random), reply);
  if (decision.action != quic::Reception::Action::kAccept) return;
  quic::for_test::Side side(setting.random, setting.keys);
  side.connection = std::make_unique<quic::Connection>(quic::ConnectionSettings{}, setting.tls, side, side,
                                                       decision.first, setting.path, setting.clock);
  side.connection->receive(setting.path, 0, packet, setting.clock.now());
  std::array<std::byte, 65536> room;
  constexpr int kTrainsMax = 16;
  for (int i = 0; i < kTrainsMax && side.connection->produce(room, setting.clock.now()); ++i) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Setting setting;
  const auto bytes = std::as_bytes(std::span(data, size));
  try_packet(setting, bytes);
  try_packet(setting, initial_packet(bytes));
  return 0;
}
