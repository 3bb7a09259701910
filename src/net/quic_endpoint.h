#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "loop/loop.h"
#include "net/quic_connection.h"
#include "net/turn_buffers.h"
#include "net/udp_endpoint.h"
#include "observe/worker_metrics.h"
#include "quic/reception.h"

namespace gate::net {

// What a worker's QUIC is given; outlives it.
struct QuicContext {
  loop::Loop& loop;
  TurnBuffers& buffers;
  QuicOwner& owner;
  base::Random& random;
  observe::Counter& bytes_received;
  observe::Counter& bytes_sent;
  observe::WorkerMetrics::Datagrams& datagrams;
  quic::ServerKeys keys;
  quic::ConnectionHome home;  // of this worker's connections
};

// A worker's UDP sockets and the QUIC connections that came by them. Gives each datagram to its connection by the
// connection id, whatever address it comes from; what belongs to no connection begins one, is answered or dropped, or
// is passed on to the worker or process whose number stands in the id.
class QuicEndpoint final : private DatagramSink {
 public:
  explicit QuicEndpoint(const QuicContext& context);
  virtual ~QuicEndpoint();

  // From the next connection on.
  void use(const quic::ConnectionSettings& settings, std::shared_ptr<const http::Limits> limits,
           std::uint32_t handshakes_per_turn_max);

  [[nodiscard]] base::Result<> listen(os::UdpSocket socket);
  // Connections that came by this address are drained; its socket is closed with the last of them.
  void stop_listening(const base::Endpoint& address);
  // Nothing is received here any more: another process does, and passes on what is ours.
  void leave_sockets();

  // A datagram that another worker or process has received for a connection of ours.
  void receive_passed_on(const os::DatagramTrain& datagram);

  void drain();
  // Finishes what is in flight on those `which` is true of, then closes them.
  void drain_those(const std::function<bool(const QuicConnection&)>& which);
  void discard_all();

  std::size_t size() const { return connections_.size(); }

  // For connections.
  loop::Loop& loop() { return context_.loop; }
  QuicOwner& owner() { return context_.owner; }
  base::Random& random() { return context_.random; }
  const quic::ConnectionSettings& settings() const { return settings_; }
  std::span<std::byte> send_room() { return context_.buffers.datagrams_to_send; }
  void count_sent(std::size_t bytes) { context_.bytes_sent.add(bytes); }
  quic::ConnectionId fresh_id() { return codec_.encode(context_.home, context_.random); }
  quic::ResetToken reset_token(const quic::ConnectionId& id) const;
  std::vector<std::byte> address_token(const quic::Path& path);
  void add_id(const quic::ConnectionId& id, QuicConnection& connection) { ids_[id] = &connection; }
  void remove_id(const quic::ConnectionId& id) { ids_.erase(id); }
  void handshake_ended() { --handshaking_; }
  void wait_for_room(QuicConnection& connection);
  void closed(QuicConnection& connection, CloseReason reason);

 private:
  // DatagramSink
  void datagrams(UdpEndpoint& socket, os::DatagramTrain train) override;
  void writable(UdpEndpoint& socket) override;

  void datagram(UdpEndpoint& socket, const os::DatagramPath& path, std::uint8_t ecn, base::ByteView bytes);
  bool pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram);
  void receive_stray(UdpEndpoint& socket, const os::DatagramPath& path, std::uint8_t ecn, base::ByteView bytes);
  void accept(UdpEndpoint& socket, const quic::FirstPacket& first, const os::DatagramPath& path, std::uint8_t ecn,
              base::ByteView bytes);
  void close_unused_sockets();

  QuicContext context_;
  quic::ConnectionIdCodec codec_;
  quic::Reception reception_;
  quic::ConnectionSettings settings_;
  std::shared_ptr<const http::Limits> limits_;
  std::uint32_t handshakes_per_turn_max_ = 8;
  std::vector<std::unique_ptr<UdpEndpoint>> sockets_;
  std::vector<std::unique_ptr<UdpEndpoint>> leaving_;  // no longer configured; some connections are still on them
  std::unordered_map<quic::ConnectionId, QuicConnection*, quic::ConnectionIdHash> ids_;
  std::vector<std::unique_ptr<QuicConnection>> connections_;
  std::vector<QuicConnection*> waiting_;  // for room in a socket
  std::uint32_t handshaking_ = 0;
  std::uint32_t begun_ = 0;  // handshakes, since
  base::Instant begun_at_;   // this turn's time
  std::uint32_t replies_ = 0;
  bool draining_ = false;
};

}  // namespace gate::net
