#include "net/relay.h"

#include <span>
#include <utility>

namespace gate::net {
namespace {

// How much one direction may pass before the others have their turn.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

}  // namespace

Relay::Relay(const RelayContext& context, RelayOwner& owner, os::Fd client, os::Fd server, base::Duration idle)
    : context_(context),
      owner_(owner),
      client_(*this, std::move(client)),
      server_(*this, std::move(server)),
      idle_(idle),
      active_(context.loop.now()) {}

Relay::~Relay() {
  if (!over_) discard();
}

bool Relay::start(std::string_view greeting) {
  server_.pending.append(greeting);
  for (End* each : {&client_, &server_}) {
    if (!context_.loop.watch(each->socket.number(), *each, loop::Loop::Mode::kEdges)) return false;
  }
  context_.loop.arm(*this, active_ + idle_);
  return true;
}

void Relay::End::on_ready(loop::Readiness readiness) {
  readable |= readiness.readable;
  writable |= readiness.writable;
  peer_ended |= readiness.ended;
  relay.run();
}

void Relay::run() {
  if (over_) return;
  if (!pass(client_, server_) || !pass(server_, client_)) return end(CloseReason::kSocketFailed);
  if (client_.output_over && server_.output_over) end(CloseReason::kFinished);
}

// All there is, as far as the other side takes it. False when a connection broke.
bool Relay::pass(End& from, End& to) {
  std::size_t passed = 0;
  for (;;) {
    if (!flush(to)) return false;
    if (!to.pending.empty()) return true;
    if (from.input_over) break;
    if (!from.readable) return true;
    if (passed >= kBytesPerTurn) {
      context_.loop.schedule(*this);
      return true;
    }
    passed += TurnBuffers::kReceiveBytes;
    if (!receive(from, to)) return false;
  }
  if (!std::exchange(to.output_over, true)) os::shut_down_sending(to.socket.number());
  return true;
}

bool Relay::receive(End& from, End& to) {
  const auto result = os::receive(from.socket.number(), context_.buffers.received);
  switch (result.state) {
    case os::IoState::kWouldBlock: from.readable = false; return true;
    case os::IoState::kFailed: return false;
    case os::IoState::kClosed: from.input_over = true; return true;
    case os::IoState::kDone: break;
  }
  // A short read has emptied the socket; the next byte makes a new edge. Not so the end of the stream.
  if (result.count < context_.buffers.received.size() && !from.peer_ended) from.readable = false;
  if (&from == &client_) context_.bytes_received.add(result.count);
  return send(to, std::span(context_.buffers.received).first(result.count));
}

bool Relay::flush(End& to) {
  if (to.pending.empty() || !to.writable) return true;
  base::Buffer rest = std::exchange(to.pending, {});
  return send(to, rest.view());
}

// What the socket does not take is kept.
bool Relay::send(End& to, base::ByteView bytes) {
  const auto result = os::send(to.socket.number(), bytes);
  if (result.state == os::IoState::kFailed) return false;
  if (result.count > 0) active_ = context_.loop.now();
  if (&to == &client_) context_.bytes_sent.add(result.count);
  if (result.count == bytes.size()) return true;
  to.writable = false;
  to.pending.append(bytes.subspan(result.count));
  return true;
}

// The timer follows lazily: bytes only move the time.
void Relay::on_timer() {
  if (over_) return;
  if (context_.loop.now() >= active_ + idle_) return end(CloseReason::kStalled);
  context_.loop.arm(*this, active_ + idle_);
}

void Relay::end(CloseReason reason) {
  discard();
  owner_.relay_ended(*this, reason);
}

void Relay::discard() {
  over_ = true;
  for (End* each : {&client_, &server_}) {
    context_.loop.unwatch(each->socket.number());
    each->socket.close();
  }
}

}  // namespace gate::net
