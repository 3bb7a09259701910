#include "http/h2/client_wire.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/arena.h"

namespace gate::http::h2 {
namespace {

// Frames that may wait to be sent before input is left unread: a server that asks and does not read.
constexpr std::size_t kQueuedFramesMax = 512;

// RFC 9113 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields".
// The rest is written here itself.
bool is_left_out(FieldId id) {
  switch (id) {
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade:
    case FieldId::kHost:
    case FieldId::kContentLength:
    case FieldId::kTe: return true;
    default: return false;
  }
}

// The head of a request in the words of RFC 9113 8.3.1. `digits` is room for a length.
std::vector<Field> request_head(const Call::Request& request, std::span<char> digits) {
  std::vector<Field> lines{{":method", request.method_text},
                           {":scheme", request.scheme},
                           {":authority", request.authority},
                           {":path", request.target}};
  lines.reserve(lines.size() + request.fields->size() + 2);
  std::ranges::copy_if(*request.fields, std::back_inserter(lines),
                       [](const Field& field) { return !is_left_out(field.id); });
  std::optional<std::uint64_t> length = request.body ? request.body->length() : std::nullopt;
  if (!request.body && request.body_expected) length = 0;
  if (length) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *length).ptr;
    lines.push_back({"content-length", {digits.data(), end}, FieldId::kContentLength});
  }
  // RFC 9113 8.2.2: "The only exception to this is the TE header field, which MAY be present in an HTTP/2 request; when
  // it is, it MUST NOT contain any value other than "trailers"."
  if (request.takes_trailers) lines.push_back({"te", "trailers", FieldId::kTe});
  return lines;
}

}  // namespace

ClientWire::ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host)
    : time_(time),
      owner_(owner),
      limits_(limits),
      host_(host),
      guard_(limits.header_bytes_max, time.now),
      session_(*this, limits),
      deadline_(time),
      received_at_(time.now),
      idle_since_(time.now) {
  deadline_.note(idle_since_ + limits_.idle_timeout);
}

ClientWire::~ClientWire() { abandon(); }

// --- Life of the connection ---

bool ClientWire::takes_calls() const {
  if (ended_ || closing_ || draining_ || condemned_) return false;
  return session_.takes_requests() && streams_.size() < std::min(session_.streams_max(), limits_.streams_max);
}

// Only noted here: calls may be started from within a function of the session.
void ClientWire::start(Call& call) {
  CallStreamOwner& self = *this;
  auto stream = std::make_unique<CallStream>(self, call, now());
  stream->table_index = streams_.size();
  streams_.push_back(std::move(stream));
  any_queued_ = true;
  guard_.call_started();
  deadline_.note(now() + std::min(limits_.header_timeout, limits_.stall_timeout));
  host_.wake();
}

bool ClientWire::wants_read() const { return !ended_ && !closing_ && session_.queued() < kQueuedFramesMax; }

bool ClientWire::finished() const { return ended_ || (streams_.empty() && !session_.alive()); }

void ClientWire::drain() {
  draining_ = true;
  if (streams_.empty()) say_farewell();
}

void ClientWire::abandon() {
  draining_ = true;
  fail_all(CallFault::kConnectionTerminated, "the connection broke");
  ended_ = true;
  deadline_.clear();
}

// RFC 9113 6.8: "Endpoints SHOULD always send a GOAWAY frame before closing a connection".
void ClientWire::say_farewell() {
  draining_ = true;
  if (std::exchange(closing_, true) || ended_) return;
  session_.terminate(Code::kNoError);
  host_.wake();
}

void ClientWire::condemn(Code code) {
  if (!condemned_) condemned_ = code;
}

// Carries out what condemn() noted.
void ClientWire::settle() {
  if (!condemned_ || ended_) return;
  if (!std::exchange(closing_, true)) session_.terminate(*condemned_);
  fail_all(CallFault::kProtocolError, "the server broke a rule of HTTP/2");
  condemned_.reset();
  host_.wake();
}

// An error that nghttp2 has found itself is known from here.
void ClientWire::goaway_sent(Code code) {
  if (code == Code::kNoError || closing_) return;
  closing_ = true;
  condemn(code);
}

// Takes the stream off its call, whatever has become of it.
void ClientWire::end_call(CallStream& stream) {
  if (stream.id != 0) session_.forget(stream);
  const std::size_t index = stream.table_index;
  std::swap(streams_[index], streams_.back());
  streams_[index]->table_index = index;
  streams_.pop_back();
  if (streams_.empty()) {
    idle_since_ = now();
    deadline_.note(idle_since_ + limits_.idle_timeout);
    if (draining_) say_farewell();
  }
  owner_.calls_changed(*this);
}

void ClientWire::fail(CallStream& stream, const CallFailure& failure, std::optional<Code> reset) {
  Call& call = stream.call;
  if (reset && stream.id != 0) session_.reset(stream, *reset);
  end_call(stream);
  call.fail(failure);
}

void ClientWire::put_off(CallStream& stream) {
  fail(stream,
       {.fault = CallFault::kConnectionTerminated,
        .delivered = Delivered::kNothing,
        .reason = "the server did not take the request",
        .put_off = true},
       std::nullopt);
}

// The wire takes no calls any more, so that this comes to an end.
void ClientWire::fail_all(CallFault fault, std::string_view reason) {
  while (!streams_.empty()) {
    CallStream& stream = *streams_.back();
    fail(stream, {fault, stream.delivered(), reason}, std::nullopt);
  }
}

// --- Time ---

// When the stream has waited too long. A client that is slow with its body is watched by its own side.
base::Instant ClientWire::due(const CallStream& stream) const {
  if (stream.stage == CallStream::Stage::kQueued) return stream.awaited_since + limits_.header_timeout;
  const bool held_up = !stream.request_done && session_.window_shut(stream);
  const base::Instant sent_by = held_up ? stream.sent_at + limits_.stall_timeout : base::Instant::max();
  if (stream.stage == CallStream::Stage::kHead) {
    return stream.request_done ? stream.awaited_since + limits_.header_timeout : sent_by;
  }
  const bool awaited = stream.call.body().has_room();
  return awaited ? std::min(sent_by, stream.awaited_since + limits_.stall_timeout) : sent_by;
}

// Looks at every stream at least once in the shorter of the two times, so that nobody needs to note when a wait begins.
void ClientWire::on_deadline() {
  if (ended_) return;
  deadline_.clear();
  const bool stuck = unsent_bytes_ > 0 && deadline_.reached(unsent_since_ + limits_.stall_timeout);
  if (stuck) {
    draining_ = true;
    fail_all(CallFault::kConnectionWriteTimeout, "the server does not take the request");
    ended_ = true;
    return;
  }
  for (std::size_t i = streams_.size(); i-- > 0;) {
    if (i < streams_.size() && deadline_.reached(due(*streams_[i]))) expire(*streams_[i]);
  }
  if (!streams_.empty()) {
    deadline_.note(now() + std::min(limits_.header_timeout, limits_.stall_timeout));
  } else if (deadline_.reached(idle_since_ + limits_.idle_timeout)) {
    say_farewell();
  }
}

void ClientWire::expire(CallStream& stream) {
  // Nothing came for anybody: the server is gone without a word, and new calls would wait in vain.
  if (received_at_ <= stream.awaited_since) draining_ = true;
  const bool unsent = !stream.request_done;
  const bool in_head = stream.stage != CallStream::Stage::kBody;
  const CallFault fault = unsent && in_head ? CallFault::kConnectionWriteTimeout : CallFault::kResponseTimeout;
  fail(stream,
       {fault, stream.delivered(),
        unsent && in_head ? "the server does not take the request"
        : in_head         ? "the response did not begin in time"
                          : "the response stopped coming"},
       Code::kCancel);
}

void ClientWire::note_progress(std::size_t bytes_sent) {
  if (bytes_sent == 0) return;
  unsent_bytes_ -= std::min(unsent_bytes_, bytes_sent);
  unsent_since_ = now();
}

// --- Output ---

void ClientWire::produce(base::Buffer& out, std::size_t budget) {
  if (ended_) return;
  const std::size_t before = out.size();
  submit_queued();
  if (std::exchange(any_ready_, false)) {
    for (const auto& stream : streams_) {
      if (std::exchange(stream->ready, false)) session_.resume(*stream);
    }
  }
  session_.produce(out, before + budget);
  settle();
  if (out.size() == before) return;
  if (unsent_bytes_ == 0) {
    unsent_since_ = now();
    deadline_.note(unsent_since_ + limits_.stall_timeout);
  }
  unsent_bytes_ += out.size() - before;
}

// What comes too late for this connection may be sent on another.
void ClientWire::submit_queued() {
  if (!std::exchange(any_queued_, false)) return;
  for (std::size_t i = 0; i < streams_.size();) {
    CallStream& stream = *streams_[i];
    if (stream.stage != CallStream::Stage::kQueued || submit(stream)) {
      ++i;
    } else {
      put_off(stream);
    }
  }
}

bool ClientWire::submit(CallStream& stream) {
  std::array<char, 20> digits;
  if (!session_.submit(stream, request_head(stream.call.request, digits))) return false;
  stream.stage = CallStream::Stage::kHead;
  return true;
}

BodyRead ClientWire::pull_data(CallStream& stream, std::span<std::byte> into) {
  const BodyRead read = stream.call.request.body->read(into);
  if (read.state == BodyRead::State::kFailed) {
    fail(stream, {CallFault::kRequestFailed, stream.delivered(), "the request's body came to no end"}, Code::kCancel);
    return read;
  }
  stream.call.request_body_bytes += read.count;
  if (read.count > 0) {
    stream.sent_at = now();
    guard_.data_sent();
  }
  return read;
}

void ClientWire::request_sent(CallStream& stream) {
  stream.request_done = true;
  stream.awaited_since = now();
}

void ClientWire::request_ready(CallStream& stream) {
  stream.ready = any_ready_ = true;
  host_.wake();
}

void ClientWire::response_wanted(CallStream& stream) {
  stream.awaited_since = now();
  if (const std::size_t count = std::exchange(stream.unopened, 0)) session_.open_window(stream, count);
  host_.wake();
}

// RFC 9113 8.1: the stream alone ends, and the connection goes on.
void ClientWire::cancelled(CallStream& stream) {
  if (stream.id != 0) session_.reset(stream, Code::kCancel);
  end_call(stream);
  host_.wake();
}

}  // namespace gate::http::h2
