// The receiving half of the wire: heads and bodies, and what is done when they break the rules.

#include "base/text.h"
#include "http/h1/take_all.h"
#include "http/h1/wire.h"

namespace gate::http::h1 {

void Wire::receive(base::ByteView bytes) {
  if (stage_ == Stage::kClosed) return;
  if (input_.empty()) {
    const std::size_t used = consume(base::as_text(bytes));
    if (stage_ != Stage::kClosed) input_.append(bytes.subspan(used));
    if (input_.empty()) handle_input_end();
  } else {
    input_.append(bytes);
    consume_buffered();
  }
}

void Wire::receive_end() {
  peer_ended_ = true;
  handle_input_end();
}

void Wire::consume_buffered() {
  const std::size_t used = consume(base::as_text(input_.view()));
  if (stage_ == Stage::kClosed) return;
  input_.consume(used);
  if (input_.empty()) input_.release();
  handle_input_end();
}

// What can be used is used. Where no more is to come, or to be taken, this is where it ends.
void Wire::handle_input_end() {
  if (stage_ == Stage::kHead && !current_ && input_.empty() && (peer_ended_ || draining_)) return finish();
  if (!peer_ended_) return;
  if (stage_ == Stage::kHead && current_) refuse(RequestFault::kIncomplete);
  if (stage_ == Stage::kBody) fail_body(RequestFault::kIncomplete);
  if (stage_ == Stage::kTunnel && input_.empty()) current_->body->end_tunnel();
}

std::size_t Wire::consume(std::string_view input) {
  return take_all(input, [this](std::string_view rest) { return consume_stage(rest); });
}

std::size_t Wire::consume_stage(std::string_view input) {
  switch (stage_) {
    case Stage::kHead: return take_head(input);
    case Stage::kBody: return take_body(input);
    case Stage::kHold: return 0;
    case Stage::kTunnel: return take_tunnel(input);
    case Stage::kClosed: return input.size();
  }
  return 0;
}

std::size_t Wire::take_head(std::string_view input) {
  if (!current_) current_.emplace(*this, now());
  switch (current_->parser.parse(input)) {
    case Progress::kNeedMore: return 0;
    case Progress::kComplete: return start_request(input);
    case Progress::kFault: break;
  }
  refuse(current_->parser.fault());
  return input.size();
}

// Whatever of the body came with the head is checked before the request is dispatched, so that a request known to be
// malformed reaches no service.
std::size_t Wire::start_request(std::string_view input) {
  Exchange& exchange = current_->exchange;
  current_->parser.fill(input, exchange.request);
  exchange.request.scheme = connection_.secure ? "https" : "http";
  const auto control = judge_head(exchange.request, exchange.arena(), limits_.body_bytes_max);
  if (!control) {
    refuse(control.error());
    return input.size();
  }
  RequestBody& body = begin_body(*control);
  std::size_t used = current_->parser.size();
  // RFC 9110 10.1.1: a server "MAY omit sending a 100 (Continue) response if it has already received some or all of the
  // content": then the client does not wait.
  current_->continue_pending = control->expects_continue && used == input.size();
  if (!body.complete()) used += body.feed(input.substr(used));
  if (body.fault()) {
    refuse(*body.fault());
    return input.size();
  }
  stage_ = body.complete() ? Stage::kHold : Stage::kBody;
  read_pace_.begin(now());
  ++requests_;
  begin_exchange();
  dispatcher_.dispatch(exchange);
  return used;
}

std::size_t Wire::take_body(std::string_view input) {
  RequestBody& body = *current_->body;
  current_->continue_pending = false;
  const std::size_t used = body.feed(input);
  read_pace_.progress(used, now());
  if (body.fault()) {
    fail_body(*body.fault());
    return input.size();
  }
  if (body.discarded_bytes() > limits_.discarded_body_bytes_max) {
    end_exchange(Outcome::kComplete);
    finish();
    return input.size();
  }
  if (!body.complete()) return used;
  const bool response_done = current_->response_done;
  if (response_done) end_exchange(Outcome::kComplete);
  stage_ = response_done ? Stage::kHead : Stage::kHold;
  return used;
}

std::size_t Wire::take_tunnel(std::string_view input) {
  const std::size_t used = current_->body->feed(input);
  read_pace_.progress(used, now());
  return used;
}

// The pulls of a service.

BodySource& Wire::request_body(Exchange&) { return *current_->body; }

void Wire::body_awaited() {
  if (!current_->continue_pending) return;
  current_->continue_due = true;
  host_.wake();
}

void Wire::body_has_room() {
  read_pace_.begin(now());
  host_.wake();
}

// Beginnings and faults.

RequestBody& Wire::begin_body(const Control& control) {
  current_->control = control;
  RequestBody::Owner& owner = *this;
  return current_->body.emplace(owner, current_->exchange, current_->control);
}

void Wire::begin_exchange() {
  current_->begun = true;
  current_->exchange.id = context_.next_exchange_id++;
  current_->exchange.timeline.head_complete = now();
}

void Wire::report(RequestFault fault) {
  const Refusal answer = answer_to(fault);
  context_.observer.violation(connection_, {answer.code, answer.reason});
}

// Before the dispatch: the wire answers by itself.
void Wire::refuse(RequestFault fault) {
  report(fault);
  stage_ = Stage::kClosed;
  input_.release();
  // A refusal while the body was looked at comes with the body; otherwise there is none to ask for.
  if (!current_->body) begin_body({});
  begin_exchange();
  current_->exchange.refuse(answer_to(fault));
}

// After the dispatch: the service notices when it pulls, and its response gives way to the refusal unless its head is
// written already. A response that was complete needs no more than the end of the connection.
void Wire::fail_body(RequestFault fault) {
  report(fault);
  stage_ = Stage::kClosed;
  input_.release();
  if (current_->response_done) {
    end_exchange(Outcome::kComplete);
    return finish();
  }
  current_->fault = fault;
  current_->body->fail();
  host_.wake();
}

}  // namespace gate::http::h1
