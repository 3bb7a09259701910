#include "http/serial_client_wire.h"

#include <algorithm>

namespace gate::http {

SerialClientWire::SerialClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host)
    : time_(time), owner_(owner), limits_(limits), host_(host), awaited_since_(time.now) {}

// --- Life of the connection and of its call ---

void SerialClientWire::start(Call& call) {
  call.attach(*this);
  call_ = &call;
  head_written_ = request_done_ = false;
  stage_ = Stage::kHead;
  awaited_since_ = now();
  begin_call();
  if (call.request.body) call.request.body->set_waker(this);
  host_.wake();
}

bool SerialClientWire::wants_read() const {
  if (peer_ended_) return false;
  const bool feeds_body = stage_ == Stage::kBody || stage_ == Stage::kTunnel;
  return !feeds_body || call_->body().has_room();
}

void SerialClientWire::body_has_room(Call&) {
  awaited_since_ = now();
  host_.wake();
}

// What is left of the exchange of bytes cannot be told from the next one's: the connection ends with it.
void SerialClientWire::cancel(Call&) {
  finish();
  end_call();
  host_.wake();
}

void SerialClientWire::drain() {
  draining_ = true;
  if (stage_ == Stage::kIdle) finish();
}

void SerialClientWire::abandon() {
  peer_ended_ = true;
  if (call_) fail({CallFault::kConnectionTerminated, delivered(), "the connection broke"});
  finish();
}

void SerialClientWire::finish() {
  stage_ = Stage::kClosed;
  input_.release();
}

void SerialClientWire::end_call() {
  Call& call = *call_;
  if (call.request.body) call.request.body->set_waker(nullptr);
  call_ = nullptr;
  call.detach();
  awaited_since_ = now();
  tell_owner();
}

void SerialClientWire::fail(const CallFailure& failure) {
  Call& call = *call_;
  finish();
  end_call();
  call.fail(failure);
}

Delivered SerialClientWire::delivered() const {
  if (call_->responded()) return Delivered::kAnswered;
  return head_written_ ? Delivered::kMaybe : Delivered::kNothing;
}

// --- Time ---

base::Instant SerialClientWire::deadline() const {
  const base::Instant never = base::Instant::max();
  const base::Instant sent_by = unsent_bytes_ > 0 ? unsent_since_ + limits_.stall_timeout : never;
  const auto awaited_by = [&](bool awaited, base::Duration patience) {
    return awaited ? std::min(sent_by, awaited_since_ + patience) : sent_by;
  };
  switch (stage_) {
    // A connection that is not to be kept waits for its one call, whose maker may have gone.
    case Stage::kIdle: return awaited_since_ + (keeps_connection() ? limits_.idle_timeout : limits_.linger_timeout);
    // A client that is slow with its body is watched by its own side.
    case Stage::kHead: return awaited_by(request_done_ || waits_for_switch(), limits_.header_timeout);
    case Stage::kBody: return awaited_by(wants_read(), limits_.stall_timeout);
    case Stage::kTail: return awaited_since_ + limits_.stall_timeout;
    // A tunnel may be silent as long as both ends like; but when one has ended, the other is to follow.
    case Stage::kTunnel: return awaited_by(request_done_, limits_.stall_timeout);
    case Stage::kClosed: break;
  }
  return never;
}

void SerialClientWire::on_deadline() {
  if (finished() || now() < deadline()) return;
  if (!call_) return finish();
  const bool unsent = unsent_bytes_ > 0 && now() >= unsent_since_ + limits_.stall_timeout;
  if (unsent) return fail({CallFault::kConnectionWriteTimeout, delivered(), "the server does not take the request"});
  fail({CallFault::kResponseTimeout, delivered(),
        stage_ == Stage::kHead ? "the response did not begin in time" : "the response stopped coming"});
}

void SerialClientWire::note_progress(std::size_t bytes_sent) {
  if (bytes_sent == 0) return;
  unsent_bytes_ -= std::min(unsent_bytes_, bytes_sent);
  unsent_since_ = now();
  if (stage_ == Stage::kHead) awaited_since_ = now();
}

// --- Input ---

void SerialClientWire::receive(base::ByteView bytes) {
  if (finished()) return;
  awaited_since_ = now();
  if (input_.empty()) {
    const std::size_t used = consume(bytes);
    if (!finished()) input_.append(bytes.subspan(used));
    return;
  }
  input_.append(bytes);
  const std::size_t used = consume(input_.view());
  if (finished()) return;
  input_.consume(used);
  if (input_.empty()) input_.release();
}

// --- Output ---

void SerialClientWire::produce(base::Buffer& out, std::size_t budget) {
  if (!call_ || request_done_) return;
  constexpr std::size_t kBudgetMin = 1024;
  const std::size_t before = out.size();
  write_request(out, before + std::max(budget, kBudgetMin));
  if (out.size() == before) return;
  if (unsent_bytes_ == 0) unsent_since_ = now();
  unsent_bytes_ += out.size() - before;
}

void SerialClientWire::write_request(base::Buffer& out, std::size_t limit) {
  if (!head_written_) write_head(out);
  head_written_ = true;
  if (waits_for_switch()) return;
  const auto state = write_body(out, limit);
  if (state == BodyRead::State::kFailed) {
    return fail({CallFault::kRequestFailed, delivered(), "the request's body came to no end"});
  }
  if (state != BodyRead::State::kEnd) return;
  request_done_ = true;
  awaited_since_ = now();
}

// The request's head is sent, and what follows depends on whether the server takes it up.
bool SerialClientWire::waits_for_switch() const {
  return stage_ == Stage::kHead && head_written_ && !call_->request.upgrade.empty();
}

}  // namespace gate::http
