#include "http/h1/wire.h"

#include <algorithm>

#include "http/codes.h"
#include "http/response_rules.h"

namespace gate::http::h1 {
namespace {

// Pipelined requests that wait: enough for a burst, bounded against a client that asks and never reads.
constexpr std::size_t kPipelinedBytesMax = 16 * 1024;

}  // namespace

Wire::Current::Current(Wire& wire, base::Instant now)
    : exchange(wire, wire.context_.blocks, wire.connection_, wire.limits_), parser(exchange.arena(), wire.limits_) {
  exchange.error_pages = wire.context_.error_pages;
  exchange.timeline.first_byte = now;
}

Wire::Wire(const WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
           WireHost& host)
    : context_(context),
      dispatcher_(dispatcher),
      connection_(connection),
      limits_(limits),
      host_(host),
      read_pace_(limits),
      write_pace_(limits),
      idle_since_(context.time.now) {}

Wire::~Wire() { end_exchange(Outcome::kServerClosed); }

// --- Life of the connection ---

bool Wire::wants_read() const {
  if (peer_ended_) return false;
  switch (stage_) {
    case Stage::kHead: return true;
    case Stage::kBody: return current_->body->has_room();
    case Stage::kHold: return input_.size() < kPipelinedBytesMax;
    case Stage::kTunnel: return current_->body->has_room();
    case Stage::kClosed: return true;
  }
  return false;
}

std::size_t Wire::exchanges() const { return current_ && current_->begun ? 1 : 0; }

void Wire::drain() {
  draining_ = true;
  if (current_ || !input_.empty()) return;
  if (requests_ > 0) {
    finish();
  } else {
    // A client that has just connected is about to ask: it gets a moment, and its answer.
    idle_since_ = now();
  }
}

void Wire::abandon() {
  end_exchange(Outcome::kClientGone);
  finish();
}

void Wire::finish() {
  finished_ = true;
  stage_ = Stage::kClosed;
  input_.release();
}

// Nothing is reported of a request whose head never came to its end.
void Wire::end_exchange(Outcome outcome) {
  if (!current_) return;
  Exchange& exchange = current_->exchange;
  if (current_->begun) {
    if (exchange.outcome == Outcome::kPending) exchange.outcome = outcome;
    exchange.timeline.finished = now();
    context_.observer.finished(exchange);
  }
  exchange.response.body.reset();  // before the request's body, which it may read from
  current_.reset();
  idle_since_ = now();
}

// --- Time ---

base::Instant Wire::deadline() const {
  if (finished_) return base::Instant::max();
  const base::Instant written_by = unsent_bytes_ > 0 ? write_pace_.due() : base::Instant::max();
  return std::min(written_by, read_deadline());
}

base::Instant Wire::read_deadline() const {
  if (stage_ == Stage::kHead) {
    return current_ ? current_->exchange.timeline.first_byte + limits_.header_timeout
                    : idle_since_ + (draining_ ? limits_.linger_timeout : limits_.idle_timeout);
  }
  // A tunnel may be silent as long as both ends like; but when ours has ended, nobody above can end it any more.
  if (stage_ == Stage::kTunnel && !current_->response_done) return base::Instant::max();
  if (stage_ == Stage::kTunnel) return read_pace_.due();
  // The client is not to blame while it was told to wait, or while nobody takes what it sent.
  const bool client_sends = stage_ == Stage::kBody && !current_->continue_pending && wants_read();
  return client_sends ? read_pace_.due() : base::Instant::max();
}

void Wire::on_deadline() {
  if (now() < deadline()) return;
  if (finished_) return;
  const bool stuck = unsent_bytes_ > 0 && now() >= write_pace_.due();
  if (stuck || stage_ == Stage::kTunnel) {
    end_exchange(Outcome::kClientTimeout);
    finish();
  } else if (!current_) {
    finish();
  } else if (stage_ == Stage::kHead) {
    refuse(RequestFault::kHeaderTimeout);
  } else {
    fail_body(RequestFault::kBodyTimeout);
  }
}

void Wire::note_progress(std::size_t bytes_sent) {
  if (bytes_sent == 0) return;
  unsent_bytes_ -= std::min(unsent_bytes_, bytes_sent);
  write_pace_.progress(bytes_sent, now());
  if (!current_) idle_since_ = now();
}

// --- Output ---

void Wire::response_ready(Exchange&) {
  current_->response_ready = true;
  if (current_->exchange.response.tunnel) open_tunnel();
  if (current_->exchange.response.body) current_->exchange.response.body->set_waker(this);
  current_->exchange.timeline.response_ready = now();
  host_.wake();
}

// RFC 9110 15.2: an interim response goes before the final one, and there may be several.
void Wire::inform(Exchange&, std::uint16_t status, const FieldList& fields) {
  if (status == 100) return body_awaited();
  write_interim(status, fields, current_->interim);
  host_.wake();
}

void Wire::produce(base::Buffer& out, std::size_t budget) {
  constexpr std::size_t kBudgetMin = 1024;
  const std::size_t before = out.size();
  const std::size_t limit = before + std::max(budget, kBudgetMin);
  while (current_ && !finished_ && produce_step(out, limit)) {
  }
  if (out.size() == before) return;
  if (unsent_bytes_ == 0) write_pace_.resume(now());
  unsent_bytes_ += out.size() - before;
}

// Whether there may be more to write within the limit: the response of a pipelined request.
bool Wire::produce_step(base::Buffer& out, std::size_t limit) {
  if (write_interim_responses(out) || write_due_continue(out)) return true;
  if (end_tunnel_if_over()) return false;
  if (!current_->response_ready || current_->response_done) return false;
  if (!current_->head_written) write_head(out);
  switch (writer_.write_body(current_->exchange, out, limit)) {
    case BodyRead::State::kData:
    case BodyRead::State::kWait: return false;
    case BodyRead::State::kFailed:
      end_exchange(Outcome::kResponseFailed);
      finish();
      return false;
    case BodyRead::State::kEnd: break;
  }
  if (stage_ == Stage::kTunnel) {
    end_tunnel_output();
    return false;
  }
  finish_response();
  return out.size() < limit;
}

bool Wire::write_interim_responses(base::Buffer& out) {
  if (current_->interim.empty()) return false;
  out.append(current_->interim.view());
  current_->interim.release();
  return true;
}

// RFC 9110 10.1.1: the server sends 100 when it wants the body, or leaves it out and answers at once. A response that
// is ready and says success wants it too: its body may be made of the request's.
bool Wire::write_due_continue(base::Buffer& out) {
  if (!current_->continue_pending || current_->head_written) return false;
  const bool succeeds = current_->response_ready && !current_->fault && current_->exchange.response.status < 300;
  if (current_->response_ready ? !succeeds : !current_->continue_due) return false;
  current_->continue_pending = false;
  read_pace_.begin(now());
  write_continue(out);
  return true;
}

void Wire::write_head(base::Buffer& out) {
  Exchange& exchange = current_->exchange;
  if (current_->fault) {
    replace_by_refusal(exchange, answer_to(*current_->fault));
  } else if (!is_sendable(exchange)) {
    replace_by_refusal(exchange, {500, kBadResponse, "a response that may not be sent"});
  }
  const ResponseFraming framing = response_framing(exchange);
  current_->head_written = true;
  writer_.write_head(exchange, framing, persistence(framing), context_.time, out);
  if (stage_ == Stage::kTunnel) consume_buffered();
}

Persistence Wire::persistence(const ResponseFraming& framing) {
  if (stage_ == Stage::kTunnel) return Persistence::kUpgrade;
  current_->keep_alive = may_keep_alive(framing);
  return current_->keep_alive ? Persistence::kKeepAlive : Persistence::kClose;
}

bool Wire::may_keep_alive(const ResponseFraming& framing) const {
  const Current& current = *current_;
  if (stage_ == Stage::kClosed || !current.control.keep_alive) return false;
  if (requests_ >= limits_.requests_per_connection_max) return false;
  if (draining_ && input_.empty()) return false;
  const bool ends_with_connection =
      framing.sends_body && !framing.content_length && current.exchange.request.version == Version::kHttp10;
  if (ends_with_connection) return false;
  // The client was not asked for its body and may send it or not: what comes next could be either, body or request.
  if (current.continue_pending) return false;
  return stage_ != Stage::kBody || current.body->was_pulled() || current.control.framing == Framing::kChunked ||
         current.body->missing_bytes() <= limits_.discarded_body_bytes_max;
}

void Wire::finish_response() {
  current_->response_done = true;
  current_->exchange.outcome = Outcome::kComplete;
  current_->body->discard();
  current_->exchange.response.body.reset();
  if (!current_->keep_alive || stage_ == Stage::kClosed) {
    end_exchange(Outcome::kComplete);
    finish();
    return;
  }
  if (stage_ == Stage::kBody) return;  // the rest of the body is thrown away as it comes
  end_exchange(Outcome::kComplete);
  stage_ = Stage::kHead;
  consume_buffered();
}

}  // namespace gate::http::h1
