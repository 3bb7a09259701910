#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/buffer.h"
#include "base/intrusive_list.h"
#include "http/connection_info.h"
#include "http/limits.h"
#include "http/wire.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "observe/counter.h"
#include "os/fd.h"
#include "os/socket.h"
#include "tls/engine.h"

namespace gate::net {

class Connection;

// Why a connection ended, for log and metrics.
enum class CloseReason : std::uint8_t {
  kFinished,  // the wire was done and everything was sent
  kPeerClosed,
  kHandshakeFailed,
  kHandshakeTimeout,
  kTlsFailed,  // a bad record in the middle
  kSocketFailed,
  kStalled,    // the peer took nothing of the last bytes
  kDiscarded,  // the server stopped, or its drain came to the deadline
};

std::string_view to_string(CloseReason reason);

// What a connection needs from above. Implemented by `server`; outlives its connections.
class ConnectionOwner {
 public:
  // The handshake is done (or there is none): the driver for what the peer wants to speak. Null ends the connection,
  // once what the handshake had to say is sent.
  virtual std::unique_ptr<http::Wire> make_wire(Connection& connection) = 0;

  // A handshake has input to work on. It goes on when the owner calls run_handshake(), in its own measure.
  virtual void queue_handshake(Connection& connection) = 0;

  // A handshake waits for the certificate of the name it asks for, until the owner calls run_handshake(). False: it
  // is not to wait, and goes on without.
  virtual bool await_certificate(Connection&) { return false; }

  virtual void handshake_done(const Connection& connection) = 0;
  virtual void handshake_failed(const Connection& connection, const base::Error& error) = 0;

  // What to say to a client that speaks HTTP without TLS here; static text, a whole HTTP/1.1 response.
  virtual std::string_view plain_http_answer() const = 0;

  // The connection has ended: to be taken out of the owner's books and buried in the loop.
  virtual void closed(Connection& connection, CloseReason reason) = 0;

 protected:
  ~ConnectionOwner() = default;
};

// What the connections of one worker share. Outlives them.
struct ConnectionContext {
  loop::Loop& loop;
  TurnBuffers& buffers;
  ConnectionOwner& owner;
  observe::Counter& bytes_received;
  observe::Counter& bytes_sent;
};

struct HandshakeQueue;  // the tag of the owner's lists of connections that wait for run_handshake()

// One TCP connection, of a client or to a server: socket, TLS engine where there is one, and the wire driver above.
// Moves bytes between the three, sends what belongs together in one call, and keeps their deadlines. Belongs to one
// worker.
//
//   handshaking --> open --> lingering --> closed
//        '------------'-----------'----------^
class Connection final : public loop::Watcher,
                         public loop::TurnEnd,
                         public loop::Timer,
                         public loop::Mortal,
                         public http::WireHost,
                         public base::ListNode<HandshakeQueue> {
 public:
  // `engine` is null on clear connections. Call start() next.
  Connection(const ConnectionContext& context, os::Fd socket, const http::ConnectionInfo& info,
             std::shared_ptr<const http::Limits> limits, std::unique_ptr<tls::Engine> engine);
  ~Connection() override;

  // Begins to listen to the socket. False when the system refuses; then the connection is to be thrown away.
  [[nodiscard]] bool start();

  // A step of the handshake with what has arrived, or with the certificate it has waited for.
  void run_handshake();

  // Whether the peer has closed or spoken out of turn without our having noticed yet. For connections that are idle.
  bool stale() const { return state_ != State::kOpen || os::has_input_or_ended(socket_.number()); }

  // Whether the peer has closed without our having noticed yet. For idle connections on which it may speak unasked.
  bool peer_gone() const { return state_ != State::kOpen || os::has_ended(socket_.number()); }

  // A client's newest session, for resumption.
  std::optional<tls::Session> take_session() { return engine_ ? engine_->take_session() : std::nullopt; }

  // Finish what is in flight, then close.
  void drain();

  // Close now.
  void discard(CloseReason reason);

  const http::ConnectionInfo& info() const { return info_; }
  const http::Limits& limits() const { return *limits_; }
  const tls::Facts* facts() const { return engine_ ? &engine_->facts() : nullptr; }
  bool in_handshake() const { return state_ == State::kHandshaking; }
  std::size_t exchanges() const { return wire_ ? wire_->exchanges() : 0; }

  void wake() override { context_.loop.schedule(*this); }

  // The owner's place for its book-keeping.
  std::size_t table_index = 0;

 private:
  enum class State : std::uint8_t { kHandshaking, kOpen, kLingering, kClosed };

  void on_ready(loop::Readiness readiness) override;
  void on_turn_end() override;
  void on_timer() override;

  void run();
  bool receive_once();
  os::IoResult receive();
  os::IoResult send(base::ByteView bytes);
  void deliver_sealed(base::ByteView bytes);
  void receive_end();
  void advance_handshake(base::ByteView bytes);
  void await_certificate(base::ByteView rest);
  void resume_handshake();
  void give_up_waiting();
  void end_handshake();
  void open_wire();
  void produce();
  bool produce_once();
  bool flush(base::Buffer& bytes);
  bool flush_pending();
  void fail_sending();
  void hear_last_words();
  bool say_end();
  void end_output();
  void finish_if_done();
  void linger();
  void discard_input();
  void answer_plain_http();
  void fail_handshake(const base::Error& error);
  void close(CloseReason reason);
  void keep_deadline();
  base::Instant deadline() const;
  bool waits_for_peer() const;

  ConnectionContext context_;
  os::Fd socket_;
  http::ConnectionInfo info_;
  std::shared_ptr<const http::Limits> limits_;
  std::unique_ptr<tls::Engine> engine_;
  std::unique_ptr<http::Wire> wire_;
  base::Buffer pending_;  // sealed bytes the socket did not take; empty on idle connections
  // What came behind the ClientHello, while the handshake waits for a certificate; null: it does not.
  std::unique_ptr<base::Buffer> sent_ahead_;
  base::Instant fixed_deadline_;  // of the handshake, of the last bytes, or of the lingering
  base::Instant timer_due_ = base::Instant::max();
  State state_ = State::kHandshaking;
  bool readable_ = false;
  bool writable_ = true;
  bool peer_ended_ = false;    // an end or error waits behind the data
  bool input_closed_ = false;  // and has been read
  bool sending_failed_ = false;
  bool output_closed_ = false;
};

}  // namespace gate::net
