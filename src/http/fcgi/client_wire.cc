#include "http/fcgi/client_wire.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gate::http::fcgi {

ClientWire::ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host)
    : time_(time), owner_(owner), limits_(limits), host_(host), awaited_since_(time.now) {}

ClientWire::~ClientWire() { abandon(); }

// --- Life of the connection ---

void ClientWire::start(Call& call) {
  call.attach(*this);
  current_.emplace(Current{.call = call});
  stage_ = Stage::kHead;
  awaited_since_ = now();
  if (call.request.body) call.request.body->set_waker(this);
  host_.wake();
}

bool ClientWire::wants_read() const {
  if (peer_ended_) return false;
  return stage_ != Stage::kBody || current_->call.body().has_room();
}

void ClientWire::body_has_room(Call&) {
  awaited_since_ = now();
  host_.wake();
}

// The program is to stop, and its output must not be taken for the next one's: the connection ends with the call.
void ClientWire::cancel(Call&) {
  end_call();
  finish();
  host_.wake();
}

void ClientWire::drain() {
  draining_ = true;
  if (stage_ == Stage::kIdle) finish();
}

void ClientWire::abandon() {
  peer_ended_ = true;
  if (current_) fail({CallFault::kConnectionTerminated, delivered(), "the connection broke"});
  finish();
}

void ClientWire::finish() {
  stage_ = Stage::kClosed;
  input_.release();
}

// Takes the wire off the call, whatever has become of it.
void ClientWire::end_call() {
  Call& call = current_->call;
  if (call.request.body) call.request.body->set_waker(nullptr);
  current_.reset();
  call.detach();
  awaited_since_ = now();
  owner_.calls_changed(*this);
}

void ClientWire::fail(const CallFailure& failure) {
  Call& call = current_->call;
  finish();
  end_call();
  call.fail(failure);
}

Delivered ClientWire::delivered() const {
  if (current_->call.responded()) return Delivered::kAnswered;
  return current_->head_written ? Delivered::kMaybe : Delivered::kNothing;
}

// --- Time ---

base::Instant ClientWire::deadline() const {
  const base::Instant sent_by = unsent_bytes_ > 0 ? unsent_since_ + limits_.stall_timeout : base::Instant::max();
  switch (stage_) {
    // A connection that is not to be kept waits for its one call, whose maker may have gone.
    case Stage::kIdle: return awaited_since_ + (keeps() ? limits_.idle_timeout : limits_.linger_timeout);
    case Stage::kHead:
      // A client that is slow with its body is watched by its own side.
      return current_->request_done ? std::min(sent_by, awaited_since_ + limits_.header_timeout) : sent_by;
    case Stage::kBody: return wants_read() ? std::min(sent_by, awaited_since_ + limits_.stall_timeout) : sent_by;
    case Stage::kTail: return awaited_since_ + limits_.stall_timeout;
    case Stage::kClosed: break;
  }
  return base::Instant::max();
}

void ClientWire::on_deadline() {
  if (now() < deadline() || finished()) return;
  if (!current_) return finish();
  const bool unsent = unsent_bytes_ > 0 && now() >= unsent_since_ + limits_.stall_timeout;
  if (unsent) return fail({CallFault::kConnectionWriteTimeout, delivered(), "the program does not take the request"});
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
  if (!current_ || current_->request_done) return;
  constexpr std::size_t kBudgetMin = 1024;
  const std::size_t before = out.size();
  write_request(out, before + std::max(budget, kBudgetMin));
  if (out.size() == before) return;
  if (unsent_bytes_ == 0) unsent_since_ = now();
  unsent_bytes_ += out.size() - before;
}

void ClientWire::write_request(base::Buffer& out, std::size_t limit) {
  if (!current_->head_written) write_head(out);
  const auto state = current_->call.request.body ? write_body(out, limit) : BodyRead::State::kEnd;
  if (state == BodyRead::State::kFailed) {
    return fail({CallFault::kRequestFailed, delivered(), "the request's body came to no end"});
  }
  if (state != BodyRead::State::kEnd) return;
  append_end(out, RecordType::kStdin);
  current_->request_done = true;
  awaited_since_ = now();
}

void ClientWire::write_head(base::Buffer& out) {
  base::Buffer parameters;
  for (const Field& parameter : *current_->call.request.parameters) {
    append_parameter(parameters, parameter.name, parameter.value);
  }
  append_begin_request(out, keeps());
  append_stream(out, RecordType::kParameters, parameters.view());
  append_end(out, RecordType::kParameters);
  current_->head_written = true;
}

BodyRead::State ClientWire::write_body(base::Buffer& out, std::size_t limit) {
  Call& call = current_->call;
  auto state = BodyRead::State::kData;
  while (state == BodyRead::State::kData && out.size() < limit) {
    const std::size_t room = std::min(limit - out.size(), kContentBytesMax);
    const auto record = out.prepare(kRecordHeaderBytes + room);
    const BodyRead read = call.request.body->read(record.subspan(kRecordHeaderBytes, room));
    if (read.count > 0) {
      write_record_header(record, RecordType::kStdin, read.count);
      out.commit(kRecordHeaderBytes + read.count);
      call.request_body_bytes += read.count;
    }
    state = read.state;
  }
  return state;
}

}  // namespace gate::http::fcgi
