#include "net/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tls/codes.h"

namespace gate::net {
namespace {

// How much one connection may move in one direction before the others have their turn.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

// What a wire is asked for at a time: four full TLS records in one send.
constexpr std::size_t kProduceBytes = 64 * 1024;

// What is read and thrown away while lingering, so that a peer in mid-upload still sees the response. More is cut off.
constexpr std::size_t kLingerRoundsMax = 16;

}  // namespace

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::kFinished: return "finished";
    case CloseReason::kPeerClosed: return "peer_closed";
    case CloseReason::kHandshakeFailed: return "handshake_failed";
    case CloseReason::kHandshakeTimeout: return "handshake_timeout";
    case CloseReason::kTlsFailed: return "tls_failed";
    case CloseReason::kSocketFailed: return "socket_failed";
    case CloseReason::kStalled: return "stalled";
    case CloseReason::kDiscarded: return "discarded";
  }
  return "unknown";
}

Connection::Connection(const ConnectionContext& context, os::Fd socket, const http::ConnectionInfo& info,
                       std::shared_ptr<const http::Limits> limits, std::unique_ptr<tls::Engine> engine)
    : context_(context),
      socket_(std::move(socket)),
      info_(info),
      limits_(std::move(limits)),
      engine_(std::move(engine)),
      fixed_deadline_(info.accepted_at + limits_->handshake_timeout) {
  info_.tls = facts();
}

Connection::~Connection() = default;

bool Connection::start() {
  if (!engine_) open_wire();
  if (state_ == State::kClosed) return true;
  if (!context_.loop.watch(socket_.number(), *this, loop::Loop::Mode::kEdges)) return false;
  if (engine_ && engine_->speaks_first()) advance_handshake({});
  keep_deadline();
  return true;
}

void Connection::on_ready(loop::Readiness readiness) {
  readable_ |= readiness.readable;
  writable_ |= readiness.writable;
  peer_ended_ |= readiness.ended;
  switch (state_) {
    case State::kHandshaking:
      if (sent_ahead_) {
        if (peer_ended_) end_handshake();
      } else if (readable_) {
        context_.owner.queue_handshake(*this);
      }
      return;
    case State::kOpen: run(); return;
    case State::kLingering: discard_input(); return;
    case State::kClosed: return;
  }
}

void Connection::on_turn_end() {
  if (state_ == State::kOpen) run();
}

// One visit: flush what waits, read and answer until the budget is used up, the socket is dry or full.
void Connection::run() {
  for (std::size_t received = 0; state_ == State::kOpen; received += TurnBuffers::kReceiveBytes) {
    if (!flush_pending()) break;
    produce();
    if (sending_failed_) break;
    const bool may_read = state_ == State::kOpen && readable_ && pending_.empty() && wire_->wants_read();
    if (!may_read) break;
    if (received >= kBytesPerTurn) {
      wake();
      break;
    }
    if (!receive_once()) break;
  }
  if (sending_failed_ && state_ == State::kOpen) hear_last_words();
  if (engine_ && state_ == State::kOpen) engine_->settle();
  keep_deadline();
}

// RFC 9112 9.5: "A client sending a message body SHOULD monitor the network connection for an error response": a server
// that has answered early and closed refuses what is sent to it, and its answer waits to be read.
void Connection::hear_last_words() {
  readable_ = true;
  while (state_ == State::kOpen && readable_ && wire_->wants_read()) {
    if (!receive_once()) break;
  }
  if (state_ == State::kOpen) close(CloseReason::kSocketFailed);
}

// Nothing can be sent any more.
void Connection::fail_sending() {
  if (state_ == State::kOpen) {
    sending_failed_ = true;
    pending_.release();
  } else if (state_ != State::kClosed) {
    close(CloseReason::kSocketFailed);
  }
}

// Into the shared buffer.
os::IoResult Connection::receive() {
  const auto result = os::receive(socket_.number(), context_.buffers.received);
  context_.bytes_received.add(result.count);
  return result;
}

os::IoResult Connection::send(base::ByteView bytes) {
  const auto result = os::send(socket_.number(), bytes);
  context_.bytes_sent.add(result.count);
  if (wire_ && result.count > 0) {
    wire_->note_progress(result.count);
    if (state_ == State::kOpen && wire_->finished()) fixed_deadline_ = context_.loop.now() + limits_->stall_timeout;
  }
  return result;
}

// Reads once into the shared buffer and hands it on. False when there was nothing to hand on.
bool Connection::receive_once() {
  const auto result = receive();
  switch (result.state) {
    case os::IoState::kWouldBlock: readable_ = false; return false;
    case os::IoState::kFailed: close(CloseReason::kSocketFailed); return false;
    case os::IoState::kClosed: receive_end(); return state_ == State::kOpen;
    case os::IoState::kDone: break;
  }
  // A short read has emptied the socket; the next byte makes a new edge. Not so the end of the stream.
  if (result.count < context_.buffers.received.size() && !peer_ended_) readable_ = false;
  const base::ByteView bytes = std::span(context_.buffers.received).first(result.count);
  if (engine_) {
    deliver_sealed(bytes);
  } else {
    wire_->receive(bytes);
  }
  return state_ == State::kOpen;
}

void Connection::deliver_sealed(base::ByteView bytes) {
  tls::Io io{bytes, context_.buffers.sealed};
  for (;;) {
    std::size_t count = 0;
    switch (engine_->read(io, context_.buffers.plain, count)) {
      case tls::Step::kDone: wire_->receive(std::span(context_.buffers.plain).first(count)); break;
      case tls::Step::kNeedRead:
      case tls::Step::kNeedName: flush(context_.buffers.sealed); return;
      case tls::Step::kEnd:
        flush(context_.buffers.sealed);
        receive_end();
        return;
      case tls::Step::kFailed:
        flush(context_.buffers.sealed);
        if (state_ == State::kOpen) close(CloseReason::kTlsFailed);
        return;
    }
  }
}

void Connection::receive_end() {
  readable_ = false;
  if (std::exchange(input_closed_, true)) return;
  // A cut TLS stream is told from a complete one by the message framing above (RFC 9112 9.8); the wire is only told
  // that nothing more comes.
  wire_->receive_end();
}

void Connection::run_handshake() {
  if (state_ != State::kHandshaking) return;
  if (sent_ahead_) return resume_handshake();
  const auto result = receive();
  if (result.state == os::IoState::kWouldBlock) {
    readable_ = false;
    return;
  }
  if (result.state == os::IoState::kClosed) return end_handshake();
  if (result.state != os::IoState::kDone) return close(CloseReason::kSocketFailed);
  if (result.count < context_.buffers.received.size() && !peer_ended_) readable_ = false;
  advance_handshake(std::span(context_.buffers.received).first(result.count));
}

// The peer has closed.
void Connection::end_handshake() {
  const bool told = engine_->end_of_input() == tls::Step::kFailed;
  if (told) context_.owner.handshake_failed(*this, engine_->failure());
  close(told ? CloseReason::kHandshakeFailed : CloseReason::kSocketFailed);
}

void Connection::advance_handshake(base::ByteView bytes) {
  tls::Io io{bytes, context_.buffers.sealed};
  const tls::Step step = engine_->handshake(io);
  if (step == tls::Step::kNeedName) return await_certificate(io.input);
  if (step == tls::Step::kFailed) {
    fail_handshake(engine_->failure());
    return;
  }
  if (step == tls::Step::kDone) {
    context_.owner.handshake_done(*this);
    open_wire();
    if (state_ != State::kOpen) return;
    // The first request often comes in the same segment as the end of the handshake.
    deliver_sealed(io.input);
    if (state_ == State::kOpen) run();
    return;
  }
  flush(context_.buffers.sealed);
  if (state_ == State::kHandshaking && readable_) context_.owner.queue_handshake(*this);
}

// No more is read meanwhile, so that the kernel's buffer bounds what the client sends ahead.
void Connection::await_certificate(base::ByteView rest) {
  sent_ahead_ = std::make_unique<base::Buffer>();
  sent_ahead_->append(rest);
  if (!context_.owner.await_certificate(*this)) give_up_waiting();
}

// That it has waited is not the client's fault.
void Connection::resume_handshake() {
  const auto input = std::move(sent_ahead_);
  fixed_deadline_ = context_.loop.now() + limits_->handshake_timeout;
  advance_handshake(input->view());
}

void Connection::give_up_waiting() {
  engine_->stop_waiting();
  resume_handshake();
}

void Connection::fail_handshake(const base::Error& error) {
  context_.owner.handshake_failed(*this, error);
  if (error.code == tls::kPlainHttp) {
    context_.buffers.sealed.append(context_.owner.plain_http_answer());
  }
  flush(context_.buffers.sealed);
  if (state_ == State::kHandshaking) linger();
}

void Connection::open_wire() {
  state_ = State::kOpen;
  wire_ = context_.owner.make_wire(*this);
  if (wire_) return;
  if (say_end()) {
    linger();
  } else {
    close(CloseReason::kSocketFailed);
  }
}

// Lets the wire speak until it has nothing more, the socket is full or the budget is used up.
void Connection::produce() {
  for (std::size_t produced = 0; state_ == State::kOpen && pending_.empty() && !sending_failed_;) {
    if (produced >= kBytesPerTurn) {
      wake();
      return;
    }
    const std::size_t before = produced;
    if (!produce_once()) break;
    produced = before + kProduceBytes;
  }
  end_output();
  finish_if_done();
}

// One portion from the wire to the socket. False when the wire had nothing to say.
bool Connection::produce_once() {
  auto& sealed = context_.buffers.sealed;
  if (!engine_) {
    wire_->produce(sealed, kProduceBytes);
    const bool anything = !sealed.empty();
    flush(sealed);
    return anything;
  }
  auto& produced = context_.buffers.produced;
  wire_->produce(produced, kProduceBytes);
  const bool anything = !produced.empty();
  tls::Io io{{}, sealed};
  const bool written = !anything || engine_->write(io, produced.view());
  produced.clear();
  flush(sealed);
  if (!written && state_ == State::kOpen) close(CloseReason::kTlsFailed);
  return anything;
}

// Sends what stands in the shared buffer `bytes`; what the socket does not take is kept. Leaves `bytes` empty. False
// when the connection broke.
bool Connection::flush(base::Buffer& bytes) {
  if (bytes.empty()) return true;
  if (sending_failed_) {
    bytes.clear();
    return false;
  }
  if (!pending_.empty() || !writable_) {
    pending_.append(bytes.view());
    bytes.clear();
    return true;
  }
  const auto result = send(bytes.view());
  if (result.state == os::IoState::kFailed) {
    bytes.clear();
    fail_sending();
    return false;
  }
  bytes.consume(result.count);
  if (!bytes.empty()) {
    writable_ = false;
    pending_.append(bytes.view());
    bytes.clear();
  }
  return true;
}

// True when nothing waits any more.
bool Connection::flush_pending() {
  if (pending_.empty()) return true;
  if (!writable_) return false;
  const auto result = send(pending_.view());
  if (result.state == os::IoState::kFailed) {
    fail_sending();
    return false;
  }
  pending_.consume(result.count);
  if (!pending_.empty()) {
    writable_ = false;
    return false;
  }
  pending_.release();
  return true;
}

// TLS's own end, which goes before the socket's. False when the connection broke.
bool Connection::say_end() {
  if (!engine_) return true;
  tls::Io io{{}, context_.buffers.sealed};
  engine_->close(io);
  return flush(context_.buffers.sealed);
}

// The wire has ended its direction of a tunnel: the peer is told so, and may go on in the other.
void Connection::end_output() {
  if (state_ != State::kOpen || output_closed_ || wire_->finished() || !wire_->output_ended()) return;
  if (!pending_.empty() || !say_end() || !pending_.empty()) return;
  output_closed_ = true;
  os::shut_down_sending(socket_.number());
}

void Connection::finish_if_done() {
  if (state_ != State::kOpen || sending_failed_ || !wire_->finished()) return;
  if (!pending_.empty()) {
    // The wire is done and keeps no deadline any more; a peer that takes nothing of the rest must not hold us.
    fixed_deadline_ = context_.loop.now() + limits_->stall_timeout;
    return;
  }
  if (!say_end()) return;
  if (input_closed_ && pending_.empty()) {
    close(CloseReason::kFinished);
  } else {
    linger();
  }
}

// RFC 9112 9.6: closing with unread input would reset the connection and may take the response with it. So say the end,
// and wait for the peer's.
void Connection::linger() {
  state_ = State::kLingering;
  fixed_deadline_ = context_.loop.now() + limits_->linger_timeout;
  if (pending_.empty()) os::shut_down_sending(socket_.number());
  keep_deadline();
  discard_input();
}

void Connection::discard_input() {
  if (!pending_.empty()) {
    if (!flush_pending()) return;
    os::shut_down_sending(socket_.number());
  }
  for (std::size_t round = 0; readable_; ++round) {
    const auto result = receive();
    if (result.state == os::IoState::kWouldBlock) {
      readable_ = false;
      return;
    }
    if (result.state != os::IoState::kDone || round == kLingerRoundsMax) {
      close(CloseReason::kFinished);
      return;
    }
  }
}

void Connection::drain() {
  switch (state_) {
    case State::kHandshaking: return;  // its client is owed an answer to the request it is about to send
    case State::kOpen:
      wire_->drain();
      wake();
      return;
    case State::kLingering:
    case State::kClosed: return;
  }
}

void Connection::discard(CloseReason reason) {
  if (state_ != State::kClosed) close(reason);
}

void Connection::close(CloseReason reason) {
  GATE_CHECK(state_ != State::kClosed);
  state_ = State::kClosed;
  if (wire_) wire_->abandon();
  context_.loop.unwatch(socket_.number());
  socket_.close();
  context_.owner.closed(*this, reason);
}

// Everything is said, and the peer has not taken it all yet.
bool Connection::waits_for_peer() const { return wire_->finished() && !pending_.empty(); }

base::Instant Connection::deadline() const {
  switch (state_) {
    case State::kHandshaking:
    case State::kLingering: return fixed_deadline_;
    case State::kOpen: return waits_for_peer() ? fixed_deadline_ : wire_->deadline();
    case State::kClosed: return base::Instant::max();
  }
  return base::Instant::max();
}

// The timer follows lazily: it is moved only to fire earlier. A deadline that has moved out is seen when it fires.
void Connection::keep_deadline() {
  const auto due = deadline();
  if (due == base::Instant::max() || (armed() && timer_due_ <= due)) return;
  timer_due_ = due;
  context_.loop.arm(*this, due);
}

void Connection::on_timer() {
  const auto due = deadline();
  if (due <= context_.loop.now()) {
    switch (state_) {
      case State::kHandshaking:
        if (sent_ahead_) return give_up_waiting();
        context_.owner.handshake_failed(*this, {.code = tls::kHandshakeTimeout,
                                                .side = base::Side::kClient,
                                                .what = "the handshake was not finished in time"});
        close(CloseReason::kHandshakeTimeout);
        return;
      case State::kLingering: close(CloseReason::kFinished); return;
      case State::kOpen:
        if (waits_for_peer()) {
          close(CloseReason::kStalled);
          return;
        }
        wire_->on_deadline();
        run();
        return;
      case State::kClosed: return;
    }
  }
  keep_deadline();
}

}  // namespace gate::net
