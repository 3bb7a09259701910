#include "os/udp.h"

#include <array>
#include <cstddef>
#include <memory>

#include "base/check.h"
#include "base/ip.h"
#include "bench/limits/floor.h"
#include "os/socket.h"

namespace gate::bench {
namespace {

constexpr std::size_t kPacketBytes = 1200;
constexpr std::size_t kPackets = 50;  // as many as one train may have bytes for (UDP GSO)

os::UdpSocket loopback_socket() {
  return *os::UdpSocket::create(*os::bind_udp({base::IpAddress::v4({127, 0, 0, 1}), 0}));
}

struct Memory {
  std::array<std::byte, os::UdpSocket::kReceiveBytes> received;
  std::array<std::byte, kPackets * kPacketBytes> sent{};
};

std::size_t receive_train(os::UdpSocket& socket, Memory& memory) {
  std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
  const auto result = socket.receive(memory.received, trains);
  std::size_t bytes = 0;
  for (const auto& train : std::span(trains).first(result.count)) bytes += train.bytes.size();
  return bytes;
}

// Sends trains one after the other, and has the watch run over one of the two halves.
void measure_half(const char* name, bool sending) {
  constexpr int kTrains = 40;
  os::UdpSocket from = loopback_socket();
  os::UdpSocket to = loopback_socket();
  const auto memory = std::make_unique<Memory>();
  const os::DatagramTrain train{
      .path = {.local = from.local(), .peer = to.local()}, .bytes = memory->sent, .datagram_bytes = kPacketBytes};
  measure_floor(name, kTrains * static_cast<int>(kPackets), [&](Stopwatch& watch) {
    for (int i = 0; i < kTrains; ++i) {
      if (sending) watch.start();
      GATE_CHECK(from.send(train).state == os::SendState::kSent);
      if (sending) watch.stop();
      if (!sending) watch.start();
      GATE_CHECK(receive_train(to, *memory) == memory->sent.size());
      if (!sending) watch.stop();
    }
  });
}

}  // namespace

void measure_udp() {
  measure_half("udp_gso_send", true);
  measure_half("udp_gro_receive", false);
}

}  // namespace gate::bench
