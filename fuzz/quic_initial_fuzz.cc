// Frames of a first packet, sealed as a client would seal them, so that they get through to the frame parser, the
// ClientHello and the transport parameters. The same bytes also come as a datagram of their own.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "fuzz/initial_packet.h"
#include "quic/connection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate;
  static fuzz::Server server;
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::vector<std::byte> plain(bytes.begin(), bytes.end());
  server.receive(std::span(&plain, 1));
  const auto sealed = fuzz::initial_packet(bytes);
  const quic::Connection* begun = server.receive(std::span(&sealed, 1));
  GATE_CHECK(begun != nullptr);
  return 0;
}
