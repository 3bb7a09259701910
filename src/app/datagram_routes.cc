#include "app/datagram_routes.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "app/worker_pool.h"
#include "net/forwarded_datagram.h"

namespace gate::app {

bool DatagramRoutes::pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) {
  if (home.generation == generation_) return to_worker(home.worker, datagram);
  // Both processes receive for a moment. What is the successor's is lost here, and sent again by its client.
  if (home.generation == static_cast<std::uint8_t>(generation_ + 1)) return true;
  const auto back = static_cast<std::uint8_t>(generation_ - home.generation);
  if (!predecessor_.valid() || back > kGenerationsMax) return false;
  std::array<std::byte, net::kForwardedBytesMax> room;
  const std::size_t size = net::write_forwarded(datagram, room);
  // One that is busy or gone loses datagrams, as a network would.
  [[maybe_unused]] const auto sent = ::send(predecessor_.number(), room.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
  return true;
}

bool DatagramRoutes::to_worker(std::size_t index, const os::DatagramTrain& datagram) {
  if (index >= workers_.size()) return false;
  if (on_the_way_.fetch_add(1) >= kOnTheWayMax) {
    on_the_way_.fetch_sub(1);
    return true;
  }
  std::vector<std::byte> bytes(datagram.bytes.begin(), datagram.bytes.end());
  server::Worker& worker = workers_.worker(index);
  worker.post([this, &worker, path = datagram.path, ecn = datagram.ecn, bytes = std::move(bytes)] {
    on_the_way_.fetch_sub(1);
    worker.receive_passed_on({.path = path, .ecn = ecn, .bytes = bytes, .datagram_bytes = bytes.size()});
  });
  return true;
}

bool DatagramRoutes::receive_from_successor(int socket, const quic::ConnectionIdCodec& ids) {
  constexpr int kPerTurn = 256;
  std::array<std::byte, net::kForwardedBytesMax> room;
  for (int taken = 0; taken < kPerTurn; ++taken) {
    const ssize_t count = ::recv(socket, room.data(), room.size(), MSG_DONTWAIT);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    const auto datagram = net::parse_forwarded(std::span(room).first(static_cast<std::size_t>(count)));
    const auto destination = datagram ? quic::destination_of(datagram->bytes) : std::nullopt;
    const auto home = destination ? ids.decode(destination->bytes()) : std::nullopt;
    if (home) pass_on(*home, *datagram);
  }
  return true;
}

}  // namespace gate::app
