#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "http/connection_info.h"
#include "http/h3/h3_wire.h"
#include "http/limits.h"
#include "loop/loop.h"
#include "net/connection.h"
#include "net/udp_endpoint.h"
#include "quic/connection.h"

namespace gate::net {

class QuicConnection;
class QuicEndpoint;

// What QUIC connections need from above. Implemented by `server`; outlives them.
class QuicOwner {
 public:
  // Room for another connection of this client: counts it, or says why not and does not.
  virtual bool admit(const base::Endpoint& peer) = 0;
  virtual http::ConnectionInfo describe(const quic::Path& path) = 0;
  virtual std::shared_ptr<const tls::ServerContext> tls_context() = 0;

  // The handshake has come so far that requests may come.
  virtual std::unique_ptr<http::h3::H3Wire> make_http3(QuicConnection& connection) = 0;
  virtual void handshake_done(const QuicConnection& connection) = 0;
  virtual void handshake_failed(const QuicConnection& connection, const base::Error& error) = 0;
  virtual void closed(const QuicConnection& connection, CloseReason reason) = 0;

  // Takes a datagram to the worker or process where the connection of its id lives. False when there is no such one.
  virtual bool pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) = 0;

  // What was written for the connection's qlog.
  virtual void qlog(const QuicConnection& connection, base::ByteView bytes, bool last) = 0;

 protected:
  ~QuicOwner() = default;
};

// One QUIC connection on the loop: gives its engine datagrams and the time, sends what the engine makes of them at the
// end of the turn, and keeps the earliest deadline of engine and HTTP/3.
class QuicConnection final : public loop::Timer,
                             public loop::TurnEnd,
                             public loop::Mortal,
                             private quic::ConnectionHost,
                             private quic::ConnectionOwner {
 public:
  QuicConnection(QuicEndpoint& endpoint, UdpEndpoint& socket, const http::ConnectionInfo& info,
                 std::shared_ptr<const http::Limits> limits, const quic::FirstPacket& first, const quic::Path& path);
  ~QuicConnection() override;

  // `socket` is where it came by.
  void receive(UdpEndpoint& socket, const quic::Path& path, std::uint8_t ecn, base::ByteView datagram);
  // The socket takes datagrams again.
  void continue_sending();

  // Finish what is in flight, then close.
  void drain();
  // End now, without a word.
  void discard();

  const http::ConnectionInfo& info() const { return info_; }
  const http::Limits& limits() const { return *limits_; }
  const tls::Facts& tls_facts() const { return engine_->tls_facts(); }
  quic::ConnectionFacts facts() const { return engine_->facts(); }
  quic::Connection& transport() { return *engine_; }
  bool in_handshake() const { return engine_->state() == quic::Connection::State::kHandshaking; }
  // Packets for its ids are strays from now on.
  void forget_ids();
  UdpEndpoint& socket() const { return *socket_; }
  const base::Endpoint& first_peer() const { return first_peer_; }

  // The endpoint's place for its book-keeping.
  std::size_t table_index = 0;

 private:
  // quic::ConnectionHost
  quic::ConnectionId issue_id(quic::Connection&) override;
  void retire_id(const quic::ConnectionId& id) override;
  quic::ResetToken reset_token(const quic::ConnectionId& id) const override;
  void fill_random(std::span<std::byte> bytes) override;
  std::vector<std::byte> address_token(const quic::Path& path) override;

  // quic::ConnectionOwner
  std::unique_ptr<quic::Application> make_application(quic::Connection&) override;
  void handshake_done(quic::Connection&) override;
  void wake(quic::Connection&) override;
  void qlog(base::ByteView bytes, bool last) override;

  void on_turn_end() override;
  void on_timer() override;
  void run();
  void produce();
  bool send(const quic::Train& train, base::ByteView bytes);
  bool flush_pending();
  void follow_path();
  void finish_if_closed();
  void keep_deadline();
  base::Instant deadline() const;

  QuicEndpoint& endpoint_;
  UdpEndpoint* socket_;
  http::ConnectionInfo info_;
  const base::Endpoint first_peer_;  // whose connections it was counted among
  std::shared_ptr<const http::Limits> limits_;
  std::vector<quic::ConnectionId> ids_;
  http::h3::H3Wire* http3_ = nullptr;  // the engine owns it
  std::unique_ptr<quic::Connection> engine_;
  std::vector<std::byte> pending_;  // a train the socket did not take
  quic::Train pending_train_;
  base::Instant timer_due_ = base::Instant::max();
  bool blocked_ = false;
  bool draining_ = false;
  bool ended_ = false;
};

}  // namespace gate::net
