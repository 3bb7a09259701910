#include "net/udp_endpoint.h"

#include <array>
#include <span>
#include <utility>

namespace gate::net {

UdpEndpoint::UdpEndpoint(loop::Loop& loop, TurnBuffers& buffers, DatagramSink& sink, os::UdpSocket socket,
                         observe::Counter& overflowed)
    : loop_(loop),
      buffers_(buffers),
      sink_(sink),
      socket_(std::move(socket)),
      overflowed_(overflowed),
      dropped_before_(socket_.dropped()) {}

UdpEndpoint::~UdpEndpoint() {
  if (watched_) loop_.unwatch(socket_.descriptor());
}

// By levels, and for writing only while the socket is full: watched for both by edges, it would wake the loop for each
// datagram that the device has sent.
base::Result<> UdpEndpoint::start() {
  GATE_TRY(loop_.watch(socket_.descriptor(), *this, loop::Loop::Mode::kLevel));
  watched_ = true;
  return {};
}

void UdpEndpoint::stop_receiving() {
  count_overflow();
  receiving_ = false;
  keep_watch();
}

os::SendResult UdpEndpoint::send(const os::DatagramTrain& train) {
  if (full_) return {.state = os::SendState::kWouldBlock};
  const auto result = socket_.send(train);
  if (result.state == os::SendState::kWouldBlock) {
    full_ = true;
    keep_watch();
  }
  return result;
}

void UdpEndpoint::on_ready(loop::Readiness readiness) {
  if (readiness.writable && full_) {
    full_ = false;
    keep_watch();
    sink_.writable(*this);
  }
  if (readiness.readable) receive();
}

// The sink may call stop_receiving() meanwhile.
void UdpEndpoint::receive() {
  std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
  if (!armed()) loop_.arm(*this, loop_.now() + kOverflowLook);
  for (int calls = 0; receiving_ && calls < kReceivesPerTurn; ++calls) {
    const auto result = socket_.receive(buffers_.datagrams, trains);
    for (const auto& train : std::span(trains).first(result.count)) {
      if (receiving_) sink_.datagrams(*this, train);
    }
    // The socket is empty now, or as good as that: it will be told again if not.
    if (result.count < trains.size()) return;
  }
}

// The socket counts from when it was made, perhaps by a process before this one.
void UdpEndpoint::count_overflow() {
  if (!receiving_) return;
  const std::uint64_t dropped = socket_.dropped();
  // The system counts in 32 bits.
  overflowed_.add(static_cast<std::uint32_t>(dropped - std::exchange(dropped_before_, dropped)));
}

void UdpEndpoint::keep_watch() {
  if (watched_) loop_.change_watch(socket_.descriptor(), *this, {.reading = receiving_, .writing = full_});
}

}  // namespace gate::net
