#include "net/quic_connection.h"

#include <algorithm>
#include <utility>

#include "net/quic_endpoint.h"

namespace gate::net {
namespace {

// How much one connection may send before the others have their turn.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

}  // namespace

QuicConnection::QuicConnection(QuicEndpoint& endpoint, UdpEndpoint& socket, const http::ConnectionInfo& info,
                               std::shared_ptr<const http::Limits> limits, const quic::FirstPacket& first,
                               const quic::Path& path)
    : endpoint_(endpoint), socket_(&socket), info_(info), first_peer_(info.peer), limits_(std::move(limits)) {
  quic::ConnectionHost& host = *this;
  quic::ConnectionOwner& owner = *this;
  engine_ = std::make_unique<quic::Connection>(endpoint_.settings(), endpoint_.owner().tls_context(), host, owner,
                                               first, path, endpoint_.loop());
  info_.tls = &engine_->tls_facts();
  info_.quic = engine_.get();
  // The client uses the id of its own choice until it knows ours.
  ids_.push_back(first.destination);
  endpoint_.add_id(ids_.back(), *this);
}

QuicConnection::~QuicConnection() = default;

void QuicConnection::receive(UdpEndpoint& socket, const quic::Path& path, std::uint8_t ecn, base::ByteView datagram) {
  socket_ = &socket;
  engine_->receive(path, ecn, datagram, endpoint_.loop().now());
  endpoint_.loop().schedule(*this);
}

void QuicConnection::continue_sending() {
  blocked_ = false;
  endpoint_.loop().schedule(*this);
}

void QuicConnection::wake(quic::Connection&) {
  if (!ended_) endpoint_.loop().schedule(*this);
}

void QuicConnection::on_turn_end() { run(); }

// One visit: what has come is known to the engine already, so answer, and look when to come again.
void QuicConnection::run() {
  if (ended_) return;
  follow_path();
  if (flush_pending()) produce();
  finish_if_closed();
  if (!ended_) keep_deadline();
}

// A client may change its address in mid-connection (RFC 9000 9).
void QuicConnection::follow_path() {
  if (engine_->state() != quic::Connection::State::kOpen) return;
  info_.peer = engine_->path().peer;
}

void QuicConnection::produce() {
  const auto room = endpoint_.send_room();
  for (std::size_t sent = 0; !blocked_;) {
    if (sent >= kBytesPerTurn) {
      endpoint_.loop().schedule(*this);
      return;
    }
    const auto train = engine_->produce(room, endpoint_.loop().now());
    if (!train) return;
    sent += train->bytes;
    send(*train, room.first(train->bytes));
  }
}

// False when the socket is full; what it did not take is kept.
bool QuicConnection::send(const quic::Train& train, base::ByteView bytes) {
  const auto result =
      socket_->send({.path = train.path, .ecn = train.ecn, .bytes = bytes, .datagram_bytes = train.segment});
  endpoint_.count_sent(result.count);
  // What the system did not send is lost, as on any network: the engine finds out, and sends it again or in smaller
  // packets.
  if (result.state != os::SendState::kWouldBlock) return true;
  const auto rest = bytes.subspan(result.count);
  pending_.assign(rest.begin(), rest.end());
  pending_train_ = train;
  blocked_ = true;
  endpoint_.wait_for_room(*this);
  return false;
}

// True when nothing waits any more.
bool QuicConnection::flush_pending() {
  if (blocked_) return false;
  if (pending_.empty()) return true;
  const std::vector<std::byte> waiting = std::exchange(pending_, {});
  return send(pending_train_, waiting);
}

void QuicConnection::drain() {
  draining_ = true;
  if (http3_ != nullptr) http3_->drain();
  endpoint_.loop().schedule(*this);
}

void QuicConnection::discard() {
  if (ended_) return;
  engine_->discard();
  finish_if_closed();
}

void QuicConnection::finish_if_closed() {
  using State = quic::Connection::State;
  const State state = engine_->state();
  // A server that goes keeps no state to answer late packets of closed connections with.
  const bool last_word = draining_ && state > State::kOpen && !blocked_;
  if (ended_ || (state != State::kClosed && !last_word)) return;
  ended_ = true;
  CloseReason reason = draining_ ? CloseReason::kFinished : CloseReason::kPeerClosed;
  if (!engine_->handshake_complete()) {
    const base::Error* failure = engine_->failure();
    reason = CloseReason::kHandshakeFailed;
    if (failure != nullptr) endpoint_.owner().handshake_failed(*this, *failure);
  } else if (engine_->failure() != nullptr) {
    reason = CloseReason::kTlsFailed;
  }
  engine_->discard();
  endpoint_.closed(*this, reason);
}

base::Instant QuicConnection::deadline() const {
  return std::min(engine_->deadline(), http3_ != nullptr ? http3_->deadline() : base::Instant::max());
}

// The timer follows lazily: it is moved only to fire earlier. A deadline that has moved out is seen when it fires.
void QuicConnection::keep_deadline() {
  const auto due = deadline();
  if (due == base::Instant::max() || (armed() && timer_due_ <= due)) return;
  timer_due_ = due;
  endpoint_.loop().arm(*this, due);
}

void QuicConnection::on_timer() {
  if (ended_) return;
  const auto now = endpoint_.loop().now();
  if (engine_->deadline() <= now) engine_->on_deadline(now);
  const bool speaks = http3_ != nullptr && engine_->state() <= quic::Connection::State::kOpen;
  if (speaks && http3_->deadline() <= now) http3_->on_deadline();
  run();
}

void QuicConnection::forget_ids() {
  for (const auto& id : std::exchange(ids_, {})) endpoint_.remove_id(id);
}

// --- What the engine asks and tells

quic::ConnectionId QuicConnection::issue_id(quic::Connection&) {
  ids_.push_back(endpoint_.fresh_id());
  endpoint_.add_id(ids_.back(), *this);
  return ids_.back();
}

void QuicConnection::retire_id(const quic::ConnectionId& id) {
  endpoint_.remove_id(id);
  std::erase(ids_, id);
}

quic::ResetToken QuicConnection::reset_token(const quic::ConnectionId& id) const { return endpoint_.reset_token(id); }

void QuicConnection::fill_random(std::span<std::byte> bytes) { endpoint_.random().fill(bytes); }

std::vector<std::byte> QuicConnection::address_token(const quic::Path& path) { return endpoint_.address_token(path); }

std::unique_ptr<quic::Application> QuicConnection::make_application(quic::Connection&) {
  auto http3 = endpoint_.owner().make_http3(*this);
  http3_ = http3.get();
  if (draining_) http3_->drain();
  return http3;
}

void QuicConnection::handshake_done(quic::Connection&) {
  endpoint_.handshake_ended();
  endpoint_.owner().handshake_done(*this);
}

void QuicConnection::qlog(base::ByteView bytes, bool last) { endpoint_.owner().qlog(*this, bytes, last); }

}  // namespace gate::net
