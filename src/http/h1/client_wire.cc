#include "http/h1/client_wire.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/h1/head_text.h"
#include "http/response_rules.h"

namespace gate::http::h1 {
ClientWire::Current::Current(Call& to_carry, const Limits& limits) : call(to_carry) { begin_head(limits); }

void ClientWire::Current::begin_head(const Limits& limits) {
  parser.emplace(call.arena(), limits, HeadParser::Section::kResponseHead);
}

ClientWire::ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host)
    : time_(time), owner_(owner), limits_(limits), host_(host), awaited_since_(time.now) {}

ClientWire::~ClientWire() { abandon(); }

// --- Life of the connection ---

void ClientWire::start(Call& call) {
  call.attach(*this);
  current_.emplace(call, limits_);
  stage_ = Stage::kHead;
  awaited_since_ = now();
  if (call.request.body) call.request.body->set_waker(this);
  host_.wake();
}

bool ClientWire::wants_read() const {
  if (peer_ended_) return false;
  const bool feeds_body = stage_ == Stage::kBody || stage_ == Stage::kTunnel;
  return !feeds_body || current_->call.body().has_room();
}

void ClientWire::body_has_room(Call&) {
  awaited_since_ = now();
  host_.wake();
}

// What is left of the exchange of bytes cannot be told from the next one's: the connection ends with it.
void ClientWire::cancel(Call&) {
  end_call();
  finish();
  host_.wake();
}

void ClientWire::drain() {
  draining_ = true;
  if (!current_) finish();
}

void ClientWire::abandon() {
  peer_ended_ = true;
  if (current_) fail({CallFault::kConnectionTerminated, delivered(), "the connection broke"});
  finish();
}

void ClientWire::finish() {
  finished_ = true;
  stage_ = Stage::kClosed;
  input_.release();
}

// Takes the wire off the call, whatever has become of it.
void ClientWire::end_call() {
  if (!current_) return;
  Call& call = current_->call;
  if (call.request.body) call.request.body->set_waker(nullptr);
  current_.reset();
  call.detach();
  awaited_since_ = now();
  owner_.calls_changed(*this);
}

void ClientWire::fail(const CallFailure& failure) {
  Call& call = current_->call;
  end_call();
  finish();
  call.fail(failure);
}

Delivered ClientWire::delivered() const {
  if (current_->call.responded()) return Delivered::kAnswered;
  return current_->head_written ? Delivered::kMaybe : Delivered::kNothing;
}

// --- Time ---

base::Instant ClientWire::deadline() const {
  if (finished_) return base::Instant::max();
  const base::Instant sent_by = unsent_bytes_ > 0 ? unsent_since_ + limits_.stall_timeout : base::Instant::max();
  switch (stage_) {
    case Stage::kIdle: return awaited_since_ + limits_.idle_timeout;
    case Stage::kHead:
      // A client that is slow with its body is watched by its own side.
      return current_->request_done || waits_for_switch() ? std::min(sent_by, awaited_since_ + limits_.header_timeout)
                                                          : sent_by;
    case Stage::kBody: return wants_read() ? std::min(sent_by, awaited_since_ + limits_.stall_timeout) : sent_by;
    // A tunnel may be silent as long as both ends like; but when one has ended, the other is to follow.
    case Stage::kTunnel:
      return current_->request_done ? std::min(sent_by, awaited_since_ + limits_.stall_timeout) : sent_by;
    case Stage::kClosed: break;
  }
  return base::Instant::max();
}

void ClientWire::on_deadline() {
  if (now() < deadline() || finished_) return;
  if (!current_) return finish();
  const bool unsent = unsent_bytes_ > 0 && now() >= unsent_since_ + limits_.stall_timeout;
  if (unsent) return fail({CallFault::kConnectionWriteTimeout, delivered(), "the server does not take the request"});
  const bool in_head = stage_ == Stage::kHead;
  fail({CallFault::kResponseTimeout, delivered(),
        in_head ? "the response did not begin in time" : "the response stopped coming"});
}

void ClientWire::note_progress(std::size_t bytes_sent) {
  if (bytes_sent == 0) return;
  unsent_bytes_ -= std::min(unsent_bytes_, bytes_sent);
  unsent_since_ = now();
  if (stage_ == Stage::kHead) awaited_since_ = now();
}

// --- Output ---

void ClientWire::produce(base::Buffer& out, std::size_t budget) {
  const bool writes = current_ && !current_->request_done && !finished_;
  if (!writes) return;
  constexpr std::size_t kBudgetMin = 1024;
  const std::size_t before = out.size();
  write_request(out, before + std::max(budget, kBudgetMin));
  if (out.size() == before) return;
  if (unsent_bytes_ == 0) unsent_since_ = now();
  unsent_bytes_ += out.size() - before;
}

void ClientWire::write_request(base::Buffer& out, std::size_t limit) {
  if (!current_->head_written) write_head(out);
  if (waits_for_switch()) return;
  auto state = BodyRead::State::kEnd;
  if (!current_->writer.has_none()) {
    state = current_->writer.write(*current_->call.request.body, out, limit);
    current_->call.request_body_bytes = current_->writer.written();
  }
  if (state == BodyRead::State::kFailed) {
    return fail({CallFault::kRequestFailed, delivered(), "the request's body came to no end"});
  }
  if (state != BodyRead::State::kEnd) return;
  current_->request_done = true;
  awaited_since_ = now();
}

// The request's head is sent, and what follows depends on whether the server takes it up.
bool ClientWire::waits_for_switch() const {
  return stage_ == Stage::kHead && current_->head_written && !current_->call.request.upgrade.empty();
}

BodyCoding ClientWire::request_coding() const {
  const Call::Request& request = current_->call.request;
  if (!request.body || !request.upgrade.empty()) return BodyCoding::kNone;
  return request.body->length() ? BodyCoding::kLength : BodyCoding::kChunked;
}

void ClientWire::write_head(base::Buffer& out) {
  constexpr std::size_t kOwnLinesMax = 256;
  const Call::Request& request = current_->call.request;
  const BodyCoding coding = request_coding();
  const std::uint64_t length = coding == BodyCoding::kLength ? *request.body->length() : 0;
  current_->writer.begin(coding, length);
  current_->head_written = true;

  Appender head(out, kOwnLinesMax + request.method_text.size() + request.target.size() + request.authority.size() +
                         request.upgrade.size() + written_bytes(*request.fields));
  head.put(request.method_text);
  head.put(" ");
  head.put(request.target);
  head.put(" HTTP/1.1\r\n");
  head.put_line("Host", request.authority);
  for (const Field& field : *request.fields) head.put_line(written_name(field), field.value);
  if (coding == BodyCoding::kChunked) head.put_line("Transfer-Encoding", "chunked");
  const bool says_length = coding == BodyCoding::kLength || (coding == BodyCoding::kNone && request.body_expected);
  if (says_length) head.put_line("Content-Length", Digits(length).view());
  if (!request.upgrade.empty()) {
    head.put_line("Connection", "Upgrade");
    head.put_line("Upgrade", request.upgrade);
  }
  head.put(kLineEnd);
}

}  // namespace gate::http::h1
