// The wire as a tunnel: after 101 its bytes belong to another protocol (RFC 9110 7.8).

#include "http/h1/wire.h"
#include "http/response_rules.h"

namespace gate::http::h1 {

// What the client has sent behind its head was held so far. It is handed on when the head of the response is written:
// now a service is at work, perhaps within receive().
void Wire::open_tunnel() {
  if (!is_sendable(current_->exchange)) return;  // a refusal takes its place
  stage_ = Stage::kTunnel;
  current_->body->open_tunnel();
  write_pace_.ask_no_rate();
}

// The response's body stays as it is until the other direction has ended too: it may be what reads that.
void Wire::end_tunnel_output() {
  current_->response_done = true;
  read_pace_.ask_no_rate();
  read_pace_.begin(now());
  end_tunnel_if_over();
}

bool Wire::output_ended() const { return finished_ || (stage_ == Stage::kTunnel && current_->response_done); }

bool Wire::end_tunnel_if_over() {
  if (stage_ != Stage::kTunnel || !current_->response_done || !current_->body->drained()) return false;
  end_exchange(Outcome::kComplete);
  finish();
  return true;
}

}  // namespace gate::http::h1
