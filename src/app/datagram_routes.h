#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "os/fd.h"
#include "server/datagram_router.h"
#include "server/worker.h"

namespace gate::app {

class WorkerPool;

// The ways a QUIC datagram takes when it has come to the wrong place: to the worker that its connection id names, or
// to the process that this one has taken over from and that still has the connection.
//
// Between processes datagrams go through a pair of local sockets: the new process, which receives for both, writes, and
// the old one reads.
class DatagramRoutes final : public server::DatagramRouter {
 public:
  // Datagrams on their way to other workers. More are lost, so that a flood of made-up ids costs no memory.
  static constexpr std::size_t kOnTheWayMax = 1024;

  // How many processes back a connection may live.
  static constexpr std::uint8_t kGenerationsMax = 4;

  DatagramRoutes(WorkerPool& workers, std::uint8_t generation) : workers_(workers), generation_(generation) {}

  // Where the predecessor reads; invalid when there is none.
  void use_predecessor(os::Fd socket) { predecessor_ = std::move(socket); }

  // Any worker's thread.
  bool pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) override;

  // Control thread, in the old process: takes what the new one has received for us. False when it is gone.
  bool receive_from_successor(int socket, const quic::ConnectionIdCodec& ids);

 private:
  bool to_worker(std::size_t index, const os::DatagramTrain& datagram);

  WorkerPool& workers_;
  const std::uint8_t generation_;
  os::Fd predecessor_;
  std::atomic<std::size_t> on_the_way_{0};
};

}  // namespace gate::app
