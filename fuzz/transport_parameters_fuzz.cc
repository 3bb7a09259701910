// A client's transport parameters (RFC 9000 18), whatever they are, in a ClientHello that is right in all else. A
// server that goes on has read the one parameter that a client must send, its connection id, which is empty here (RFC
// 9000 7.3), and none of them twice.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/check.h"
#include "fuzz/initial_packet.h"
#include "quic/connection.h"
#include "quic/transport_parameters.h"
#include "tls/quic_handshake.h"

namespace {

using namespace gate;

constexpr std::uint16_t kX25519 = 0x001d;

// Keeps the ClientHello.
class Hello final : public tls::QuicHandshakeOwner {
 public:
  bool reading_secret(tls::QuicLevel, std::uint16_t, base::ByteView) override { return true; }
  bool writing_secret(tls::QuicLevel, std::uint16_t, base::ByteView) override { return true; }
  bool handshake_bytes(tls::QuicLevel, base::ByteView bytes) override {
    message.insert(message.end(), bytes.begin(), bytes.end());
    return true;
  }
  void alert(std::uint8_t) override {}
  void early_data_refused() override {}

  std::vector<std::byte> message;
};

// Nothing where there is no room for so many parameters in an extension.
std::optional<std::vector<std::byte>> client_hello(base::ByteView parameters) {
  static const quic::for_test::Clock clock;
  static const auto kContext = tls::for_test::make_client({.alpn = {"h3"}, .groups = {kX25519}});
  Hello hello;
  tls::QuicHandshake handshake(kContext, {.server_name = "example.com"}, clock, hello);
  if (!handshake.set_transport_parameters(parameters)) return std::nullopt;
  if (handshake.receive(tls::QuicLevel::kInitial, {}) == tls::QuicHandshake::Step::kFailed) return std::nullopt;
  return std::move(hello.message);
}

// RFC 9000 19.6: CRYPTO frames, a packet each.
std::vector<std::vector<std::byte>> packets_with(base::ByteView message) {
  constexpr std::size_t kPieceBytes = 1100;
  constexpr unsigned kTwoBytes = 0x40;  // RFC 9000 16
  std::vector<std::vector<std::byte>> packets;
  for (std::size_t at = 0; at < message.size(); at += kPieceBytes) {
    const auto piece = message.subspan(at, std::min(kPieceBytes, message.size() - at));
    std::vector<std::byte> frame = {std::byte{6}};
    for (const std::size_t number : {at, piece.size()}) {
      frame.push_back(static_cast<std::byte>(kTwoBytes | number >> 8));
      frame.push_back(static_cast<std::byte>(number));
    }
    frame.insert(frame.end(), piece.begin(), piece.end());
    packets.push_back(fuzz::initial_packet(frame, static_cast<std::uint8_t>(packets.size())));
  }
  return packets;
}

constexpr std::uint64_t kInitialSourceId = 0x0f;
constexpr std::array kEmptyId = {std::byte{kInitialSourceId}, std::byte{0}};

// RFC 9000 16: the number at the front, in any of its lengths; taken off.
std::optional<std::uint64_t> take_number(base::ByteView& bytes) {
  constexpr unsigned kLengthShift = 6;
  if (bytes.empty()) return std::nullopt;
  const std::size_t length = std::size_t{1} << (std::to_integer<unsigned>(bytes[0]) >> kLengthShift);
  if (bytes.size() < length) return std::nullopt;
  std::uint64_t number = std::to_integer<std::uint64_t>(bytes[0] & std::byte{0x3f});
  for (const std::byte each : bytes.subspan(1, length - 1)) number = number << 8 | std::to_integer<std::uint64_t>(each);
  bytes = bytes.subspan(length);
  return number;
}

bool say_its_id_is_empty(base::ByteView parameters) {
  while (const auto id = take_number(parameters)) {
    const auto length = take_number(parameters);
    if (!length || *length > parameters.size()) return false;
    if (*id == kInitialSourceId) return *length == 0;
    parameters = parameters.subspan(*length);
  }
  return false;
}

bool goes_on(const quic::Connection& connection) {
  return connection.state() == quic::Connection::State::kHandshaking && connection.failure() == nullptr;
}

// It is enough, and without it the target would try nothing.
bool goes_on_with_its_id_alone(fuzz::Server& server) {
  const quic::Connection* connection = server.receive(packets_with(*client_hello(kEmptyId)));
  return connection != nullptr && goes_on(*connection);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::Server server;
  static const bool kWorks = goes_on_with_its_id_alone(server);
  GATE_CHECK(kWorks);
  constexpr std::size_t kParametersMax = 4096;
  const auto parameters = std::as_bytes(std::span(data, size)).first(std::min(size, kParametersMax));
  const auto message = client_hello(parameters);
  if (!message) return 0;
  const quic::Connection* connection = server.receive(packets_with(*message));
  GATE_CHECK(connection != nullptr);
  if (goes_on(*connection)) GATE_CHECK(say_its_id_is_empty(parameters) && !quic::repeat_a_parameter(parameters));
  return 0;
}
