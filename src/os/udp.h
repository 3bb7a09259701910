#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/result.h"
#include "os/fd.h"
#include "os/socket.h"

namespace gate::os {

// Between which addresses datagrams travel.
struct DatagramPath {
  base::Endpoint local;  // the one of our addresses that the peer has sent to: answers must come from there
  base::Endpoint peer;
  std::uint32_t interface = 0;  // for link-local addresses, which mean nothing without it; 0 for all others

  friend auto operator<=>(const DatagramPath&, const DatagramPath&) = default;
};

// Datagrams of one path that travel together through the system (GRO, GSO). All of them have `datagram_bytes` but the
// last, which may be shorter.
struct DatagramTrain {
  DatagramPath path;
  std::uint8_t ecn = 0;  // the two bits of RFC 3168 5: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced
  base::ByteView bytes;
  std::size_t datagram_bytes = 0;
};

// The first datagram of `train`, taken off it; empty when there is none left.
inline base::ByteView next_datagram(DatagramTrain& train) {
  const auto datagram = train.bytes.first(std::min(train.datagram_bytes, train.bytes.size()));
  train.bytes = train.bytes.subspan(datagram.size());
  return datagram;
}

// What sending a train came to.
enum class SendState : std::uint8_t {
  kSent,
  kWouldBlock,  // the socket is full
  kTooLong,     // the datagrams do not fit the path
  kLost,        // the system did not send them, as a network may do: no route, a firewall, no memory
};
struct SendResult {
  SendState state = SendState::kSent;
  std::size_t count = 0;  // bytes of the datagrams at the front that were sent
  int error = 0;          // the system's number, where something was not sent
};

// A UDP socket that knows of each datagram where it came to and its ECN mark, sends and receives in trains, and never
// lets the network fragment what it sends.
class UdpSocket {
 public:
  // How many trains a call of receive() takes at most, and the room each one needs.
  static constexpr std::size_t kTrainsMax = 8;
  static constexpr std::size_t kTrainBytes = 64 * 1024;
  static constexpr std::size_t kReceiveBytes = kTrainsMax * kTrainBytes;

  // Prepares a bound socket (bind_udp, or an inherited one).
  static base::Result<UdpSocket> create(Fd socket);

  int descriptor() const { return socket_.number(); }
  const base::Endpoint& local() const { return local_; }

  // Receives what waits, as far as one call goes: `count` trains, which point into `memory`. What came in pieces or
  // cannot be answered is left out. kFailed passes: it was told of something sent earlier.
  IoResult receive(std::span<std::byte, kReceiveBytes> memory, std::span<DatagramTrain, kTrainsMax> trains);

  // Sends a train of any length, whose datagrams have at least one byte.
  SendResult send(const DatagramTrain& train);

  // Datagrams that were thrown away because nobody received them in time.
  std::uint64_t dropped() const;

 private:
  UdpSocket(Fd socket, const base::Endpoint& local) : socket_(std::move(socket)), local_(local) {}

  SendResult send_portion(const DatagramTrain& train);

  Fd socket_;
  base::Endpoint local_;
  unsigned segmentation_pause_ = 0;  // trains still to be sent singly
};

}  // namespace gate::os
