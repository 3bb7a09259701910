#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "observe/counter.h"
#include "os/udp.h"

namespace gate::net {

class UdpEndpoint;

// Takes what a UDP socket receives.
class DatagramSink {
 public:
  // The bytes live until return. Answers are better sent at the end of the turn: more may come.
  virtual void datagrams(UdpEndpoint& socket, os::DatagramTrain train) = 0;

  // The socket takes datagrams again, having been full.
  virtual void writable(UdpEndpoint& socket) = 0;

 protected:
  ~DatagramSink() = default;
};

// A UDP socket of one worker: receives in bounded portions, so that a flood leaves the other connections their turns,
// and tells when a full socket has room again. Holds no datagrams.
class UdpEndpoint final : public loop::Watcher, private loop::Timer, public loop::Mortal {
 public:
  // `sink` outlives it, and so does `overflowed`, which counts what the system throws away while this receives.
  UdpEndpoint(loop::Loop& loop, TurnBuffers& buffers, DatagramSink& sink, os::UdpSocket socket,
              observe::Counter& overflowed);
  ~UdpEndpoint() override;

  [[nodiscard]] base::Result<> start();

  // What arrives from now on is another's: of a process that has the same socket, or, before this is buried, nobody's.
  // Sending goes on.
  void stop_receiving();

  // Sends what the socket takes. After kWouldBlock, which says how much that was, it takes nothing until
  // DatagramSink::writable; what is sent in between comes to the same answer at no cost.
  os::SendResult send(const os::DatagramTrain& train);

  const base::Endpoint& local() const { return socket_.local(); }
  const os::UdpSocket& socket() const { return socket_; }

 private:
  // Some 500 datagrams, or, of peers that send a lot at once, 4 MiB.
  static constexpr int kReceivesPerTurn = 8;

  // How long after a datagram the system is asked what it has thrown away.
  static constexpr base::Duration kOverflowLook = std::chrono::seconds(1);

  void on_ready(loop::Readiness readiness) override;
  void on_timer() override { count_overflow(); }
  void receive();
  void count_overflow();
  void keep_watch();

  loop::Loop& loop_;
  TurnBuffers& buffers_;
  DatagramSink& sink_;
  os::UdpSocket socket_;
  observe::Counter& overflowed_;
  std::uint64_t dropped_before_;
  bool watched_ = false;
  bool receiving_ = true;
  bool full_ = false;
};

}  // namespace gate::net
