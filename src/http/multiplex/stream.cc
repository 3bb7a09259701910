#include "http/multiplex/stream.h"

#include "base/check.h"
#include "http/codes.h"
#include "http/multiplex/response_head.h"
#include "http/response_rules.h"
#include "http/wire.h"

namespace gate::http::multiplex {

Stream::Stream(StreamOwner& owner, std::uint64_t id, base::BlockPool& blocks, const ConnectionInfo& connection,
               const Limits& limits, const TurnTime& time)
    : owner_(owner),
      time_(time),
      body(*this),
      exchange(*this, blocks, connection, limits),
      body_pace(limits),
      response_pace(limits) {
  exchange.stream_id = id;
  exchange.timeline.first_byte = time.now;
}

void Stream::receive_data(base::ByteView bytes) {
  exchange.request_body_bytes += bytes.size();
  body_pace.progress(bytes.size(), time_.now);
  if (!wants_tunnel()) body_pace.stop(time_.now);
  awaits_continue = false;
  body.append(bytes);
}

void Stream::end_request() {
  if (!wants_tunnel()) body_pace.stop(time_.now);
  body.end();
}

void Stream::fail_request(RequestFault fault) {
  fault_ = fault;
  body_pace.stop(time_.now);
  body.fail();
}

void Stream::body_taken(std::size_t count) {
  owner_.body_taken(*this, count);
  if (body.open() && body.unread() == 0 && !wants_tunnel()) body_pace.start(time_.now);
}

void Stream::body_drained() {
  body_pace.stop(time_.now);
  if (kept) owner_.stream_ready(*this);
}

void Stream::response_ready(Exchange&) {
  GATE_CHECK(phase_ == Phase::kAwaited);
  exchange.timeline.response_ready = time_.now;
  phase_ = Phase::kReady;
  owner_.stream_ready(*this);
}

Stream::Head Stream::start_response() {
  GATE_CHECK(phase_ == Phase::kReady);
  if (fault_) replace_by_refusal(exchange, answer_to(*fault_));
  if (!is_sendable(exchange)) {
    replace_by_refusal(exchange, {500, kBadResponse, "a response that may not be sent"});
  }
  const ResponseFraming framing = response_framing(exchange);
  declared_bytes_ = framing.content_length;
  const bool has_body = framing.sends_body && framing.content_length != 0;
  phase_ = Phase::kSending;
  if (has_body) {
    exchange.response.body->set_waker(this);
    if (is_tunnel()) response_pace.ask_no_rate();
    response_pace.start(time_.now);
  }
  return {response_head(exchange, framing, time_.http_date), has_body};
}

Pulled Stream::pull(std::span<std::byte> into) {
  const BodyRead read = exchange.response.body->read(into);
  if (read.state == BodyRead::State::kWait) {
    phase_ = Phase::kWaiting;
    if (!held_up_) response_pace.stop(time_.now);
    return {read};
  }
  exchange.response_body_bytes += read.count;
  if (read.state == BodyRead::State::kFailed || !keeps_its_length(read)) {
    phase_ = Phase::kFailed;
    return {{BodyRead::State::kFailed, 0}};
  }
  phase_ = Phase::kSending;
  const bool may_trail = read.state == BodyRead::State::kEnd && !is_tunnel();
  const FieldList* trailers = may_trail ? exchange.response.body->trailers() : nullptr;
  if (!trailers || trailers->empty()) return {read};
  return {read, response_trailers(exchange, *trailers)};
}

void Stream::hold_up() {
  held_up_ = true;
  response_pace.start(time_.now);
}

void Stream::flow_on() {
  held_up_ = false;
  if (phase_ == Phase::kWaiting) response_pace.stop(time_.now);
}

// A body that breaks its word would make the client wait for ever or read too much.
bool Stream::keeps_its_length(const BodyRead& read) const {
  if (!declared_bytes_) return true;
  if (read.state == BodyRead::State::kEnd) return exchange.response_body_bytes == *declared_bytes_;
  return exchange.response_body_bytes <= *declared_bytes_;
}

// Of a tunnel one direction is left, which nobody above can end: a client that is silent now, or a reader that takes
// nothing, has its time and no more.
void Stream::response_sent() {
  phase_ = Phase::kEnded;
  if (!is_tunnel() || body.drained()) return;
  body_pace.ask_no_rate();
  body_pace.begin(time_.now);
}

Outcome Stream::outcome() const {
  if (over()) return Outcome::kComplete;
  if (reset_by_peer) return Outcome::kClientGone;
  return response_failed() ? Outcome::kResponseFailed : Outcome::kServerClosed;
}

void Stream::body_ready() {
  if (phase_ != Phase::kWaiting) return;
  phase_ = Phase::kSending;
  response_pace.start(time_.now);
  owner_.stream_ready(*this);
}

}  // namespace gate::http::multiplex
