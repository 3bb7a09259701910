#include "http/h3/h3_wire.h"

#include <algorithm>
#include <utility>

#include "http/multiplex/codes.h"

namespace gate::http::h3 {
namespace {

using multiplex::Abuse;

// What DATA frames may cost beside their content before they count as empty: one frame's header at its longest.
constexpr std::size_t kFrameBytesSpared = 16;

// Bytes sent between two blocks by the client's window that count as data dribble when they are fewer.
constexpr std::size_t kTinyWindowBytes = 256;

// The unit in which bytes on control streams are counted, and what each request may bring along.
constexpr std::size_t kControlUnitBytes = 64;
constexpr std::uint32_t kControlUnitsPerRequest = 64;

quic::ApplicationError number_of(Code code) { return static_cast<quic::ApplicationError>(code); }

}  // namespace

H3Wire::H3Wire(WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
               quic::Transport& transport)
    : limits_(limits),
      transport_(transport),
      session_(*this, transport, limits, context.scratch),
      exchanges_({context, dispatcher, connection, limits, *this}, Version::kHttp3, session_),
      deadline_(exchanges_.deadline()),
      streams_(context.blocks),
      abuse_(context.time.now),
      // A network may be gone for a while, and QUIC goes on when it is back.
      delivery_(Pace(limits, limits.stall_timeout), context.time, deadline_),
      opened_at_(context.time.now) {
  deadline_.note(opened_at_ + limits.header_timeout);
}

H3Wire::~H3Wire() {
  exchanges_.finish_all(Outcome::kClientGone);
  streams_.for_each([this](RequestStream& stream) { streams_.close(stream); });
}

void H3Wire::start() {
  started_ = true;
  if (!session_.start()) {
    condemn(Code::kGeneralProtocolError, multiplex::kConnectionBroken, "too few streams allowed for HTTP/3");
    return settle();
  }
  if (drain_due_) drain();
}

// --- What comes in

void H3Wire::received(quic::StreamId id, base::ByteView bytes, bool last) {
  if (ended_) return;
  if (quic::is_bidirectional(id)) {
    receive_on_request_stream(id, bytes, last);
  } else {
    receive_one_way(id, bytes, last);
  }
  settle();
}

void H3Wire::receive_on_request_stream(quic::StreamId id, base::ByteView bytes, bool last) {
  RequestStream* stream = session_.find(id);
  if (!stream) {
    // RFC 9114 5.2: the final GOAWAY has said that these are not processed.
    if (shutdown_.done() && id >= next_request_) {
      transport_.release_connection(bytes.size());
      return reject(id);
    }
    if (bytes.empty()) return last ? refuse_empty(id) : void();
    stream = &open(id);
  }
  const auto reading = session_.read(id, stream, bytes, last);
  if (!reading.field_section && reading.framing > reading.data + kFrameBytesSpared) count(Abuse::kEmptyFrame);
  if (reading.unknown_frames > 0) count(Abuse::kUnknownFrame, reading.unknown_frames);
}

void H3Wire::receive_one_way(quic::StreamId id, base::ByteView bytes, bool last) {
  count(Abuse::kControlBytes, (bytes.size() + kControlUnitBytes - 1) / kControlUnitBytes);
  const auto reading = session_.read(id, nullptr, bytes, last);
  if (reading.priority_updates > 0) count(Abuse::kPriority, reading.priority_updates);
  if (reading.unknown_frames > 0) count(Abuse::kUnknownFrame, reading.unknown_frames);
}

void H3Wire::datagram(base::ByteView bytes) {
  if (ended_) return;
  // RFC 9297 2.1: one for a stream nobody uses datagrams on is dropped.
  if (Session::is_datagram(bytes)) return;
  condemn(Code::kDatagramError, multiplex::kConnectionBroken, to_string(Code::kDatagramError));
  settle();
}

RequestStream& H3Wire::open(quic::StreamId id) {
  next_request_ = std::max(next_request_, id + 4);
  RequestStream& stream = streams_.open(id);
  stream.bytes.use(streams_.rest_of(stream));
  session_.adopt(stream);
  stream.exchange = &exchanges_.open(static_cast<std::uint64_t>(id));
  deadline_.note(now() + limits_.header_timeout);
  if (exchanges_.used_up()) drain();
  return stream;
}

void H3Wire::reject(quic::StreamId id) {
  transport_.stop(id, number_of(Code::kRequestRejected));
  transport_.reset(id, number_of(Code::kRequestRejected));
}

// RFC 9114 8.1, H3_REQUEST_INCOMPLETE: "The client's stream terminated without containing a fully formed request."
void H3Wire::refuse_empty(quic::StreamId id) {
  transport_.reset(id, number_of(Code::kRequestIncomplete));
  exchanges_.report(multiplex::kStreamBroken, to_string(Code::kRequestIncomplete));
  count(Abuse::kCausedReset);
}

void H3Wire::break_stream(RequestStream& stream, Code code) {
  if (!stream.exchange) return;
  exchanges_.report(multiplex::kStreamBroken, to_string(code));
  count(Abuse::kCausedReset);
  reset(stream, code, Outcome::kServerClosed);
}

// --- Requests

bool H3Wire::field_received(RequestStream& stream, const Field& line) {
  if (exchanges_.take_field(*stream.exchange, line)) return true;
  if (!stream.exchange->head_received) {
    condemn(Code::kExcessiveLoad, multiplex::kFlood, "header list far above its limit");
    return false;
  }
  break_stream(stream, Code::kExcessiveLoad);
  return true;
}

void H3Wire::head_received(RequestStream& stream, bool ended) {
  abuse_.forgive(Abuse::kControlBytes, kControlUnitsPerRequest);
  exchanges_.take_head(*stream.exchange, ended);
}

void H3Wire::data_received(RequestStream& stream, base::ByteView bytes) {
  exchanges_.take_data(*stream.exchange, bytes);
}

void H3Wire::request_ended(RequestStream& stream) {
  if (stream.exchange->body.ended()) return;
  stream.exchange->end_request();
  finish_if_over(stream);
}

void H3Wire::reset_by_peer(quic::StreamId id, quic::ApplicationError) {
  if (ended_ || !quic::is_bidirectional(id)) return;
  RequestStream* stream = session_.find(id);
  if (!stream || stream->exchange) count(Abuse::kReset);
  session_.shut_reading(id);
  if (stream && stream->exchange) {
    stream->exchange->reset_by_peer = true;
    reset(*stream, Code::kRequestCancelled, Outcome::kClientGone);
  }
  settle();
}

void H3Wire::stopped_by_peer(quic::StreamId id, quic::ApplicationError) {
  if (ended_) return;
  RequestStream* stream = session_.find(id);
  session_.shut_writing(id);
  if (stream && stream->exchange) {
    count(Abuse::kReset);
    stream->exchange->reset_by_peer = true;
    reset(*stream, Code::kRequestCancelled, Outcome::kClientGone);
  }
  settle();
}

void H3Wire::closed(quic::StreamId id, std::optional<quic::ApplicationError>) {
  if (ended_) return;
  RequestStream* stream = session_.find(id);
  if (stream && stream->exchange) finish(*stream, stream->exchange->outcome());
  if (!session_.close(id)) {
    condemn(Code::kClosedCriticalStream, multiplex::kConnectionBroken, to_string(Code::kClosedCriticalStream));
  }
  if (stream) {
    delivery_.progress(stream->unacknowledged);
    streams_.close(*stream);
  }
  if (quic::is_bidirectional(id)) transport_.allow_another_stream();
  settle();
}

// --- Responses

quic::StreamOutput H3Wire::next_output() {
  while (started_ && !ended_) {
    exchanges_.send_ready();
    if (shutdown_.take_due()) {
      session_.shut_down();
      deadline_.note(now() + limits_.linger_timeout);
    }
    const quic::StreamOutput output = session_.next_output();
    if (broken_) {
      reset(*std::exchange(broken_, nullptr), broken_code_, Outcome::kResponseFailed);
    } else if (!condemned_ && !session_.broken()) {
      if (output.nothing()) close_if_done();
      return output;
    }
    settle();
  }
  return {};
}

Pulled H3Wire::pull_data(RequestStream& stream, std::span<std::byte> into) {
  const Pulled pulled = stream.exchange->pull(into);
  if (pulled.read.state == BodyRead::State::kFailed) {
    broken_ = &stream;
    // RFC 9220 3: "RST exceptions are represented with a stream error [...] of type H3_REQUEST_CANCELLED".
    broken_code_ = stream.exchange->is_tunnel() ? Code::kRequestCancelled : Code::kInternalError;
  }
  return pulled;
}

void H3Wire::taken(quic::StreamId id, std::size_t count) {
  if (RequestStream* stream = session_.find(id)) {
    stream->unacknowledged += count;
    stream->taken_since_unblocked += count;
    if (stream->exchange) stream->exchange->response_pace.progress(count, now());
  }
  delivery_.add(count);
  session_.taken(id, count);
  settle();
}

// RFC 9114 4.1: "When the server does not need to receive the remainder of the request, it MAY abort reading the
// request stream, send a complete response, and cleanly close the sending part of the stream. The error code
// H3_NO_ERROR SHOULD be used when requesting that the client stop sending on the request stream."
void H3Wire::response_sent(RequestStream& stream) {
  exchanges_.response_sent(*stream.exchange);
  if (!stream.exchange->body.ended() && !stream.exchange->is_tunnel()) {
    transport_.stop(stream.id, number_of(Code::kNoError));
    session_.shut_reading(stream.id);
  }
  finish_if_over(stream);
}

void H3Wire::finish_if_over(RequestStream& stream) {
  if (stream.exchange->over()) exchanges_.close(*std::exchange(stream.exchange, nullptr));
}

void H3Wire::acknowledged(quic::StreamId id, std::uint64_t count) {
  if (ended_) return;
  std::size_t arrived = count;
  if (RequestStream* stream = session_.find(id)) {
    arrived = std::min(arrived, stream->unacknowledged);
    stream->unacknowledged -= arrived;
  }
  delivery_.progress(arrived);
  session_.acknowledged(id, count);
  if (shutdown_.announced() && session_.announcement_seen()) {
    shutdown_.hasten();
    transport_.wake();
  }
}

void H3Wire::blocked(quic::StreamId id) {
  session_.block(id);
  RequestStream* stream = session_.find(id);
  if (stream && stream->taken_since_unblocked < kTinyWindowBytes) count(Abuse::kTinyWindow);
  if (stream && stream->exchange) exchanges_.hold_up(*stream->exchange);
  settle();
}

void H3Wire::unblocked(quic::StreamId id) {
  session_.unblock(id);
  RequestStream* stream = session_.find(id);
  if (!stream) return;
  stream->taken_since_unblocked = 0;
  if (stream->exchange) stream->exchange->flow_on();
}

// --- Ends

void H3Wire::drain() {
  if (ended_ || shutdown_.begun()) return;
  if (!started_) {
    drain_due_ = true;
    return;
  }
  session_.announce_shutdown();
  shutdown_.announce(now() + limits_.linger_timeout, deadline_);
  transport_.wake();
}

// Ends both directions, as far as they have not ended.
void H3Wire::reset(RequestStream& stream, Code code, Outcome outcome) {
  if (!stream.exchange->body.ended()) {
    transport_.stop(stream.id, number_of(code));
    session_.shut_reading(stream.id);
  }
  transport_.reset(stream.id, number_of(code));
  session_.shut_writing(stream.id);
  // Nothing of it has to arrive any more.
  delivery_.progress(std::exchange(stream.unacknowledged, 0));
  finish(stream, outcome);
}

void H3Wire::finish(RequestStream& stream, Outcome outcome) {
  exchanges_.finish(*std::exchange(stream.exchange, nullptr), outcome);
}

void H3Wire::count(Abuse kind, std::size_t occurrences) {
  if (abuse_.tolerates(kind, now(), occurrences)) return;
  condemn(Code::kExcessiveLoad, multiplex::kFlood, to_string(kind));
}

void H3Wire::condemn(Code code, base::ErrorCode event, std::string_view what) {
  if (!condemned_) condemned_ = Condemned{code, {event, what}};
}

// Carries out what condemn() noted.
void H3Wire::settle() {
  if (ended_) return;
  if (const auto code = session_.broken()) condemn(*code, multiplex::kConnectionBroken, to_string(*code));
  if (!condemned_) return;
  exchanges_.report(condemned_->event.code, condemned_->event.what);
  close(condemned_->code, condemned_->event.what);
}

// RFC 9114 5.2: "An endpoint that completes a graceful shutdown SHOULD use the H3_NO_ERROR error code when closing the
// connection."
void H3Wire::close_if_done() {
  const bool empty = streams_.empty() && exchanges_.empty();
  if (shutdown_.done() && empty && session_.control_flushed()) close(Code::kNoError, "");
}

void H3Wire::close(Code code, std::string_view reason) {
  end(Outcome::kServerClosed);
  transport_.close(number_of(code), reason);
}

// What was sent stays where it is: the transport may look at it until it is gone.
void H3Wire::end(Outcome outcome) {
  if (ended_) return;
  exchanges_.finish_all(outcome);
  streams_.for_each([](RequestStream& stream) { stream.exchange = nullptr; });
  ended_ = true;
  deadline_.clear();
}

// --- Deadlines

void H3Wire::on_deadline() {
  if (ended_) return;
  deadline_.clear();
  check_greeting();
  if (delivery_.stuck()) {
    condemn(Code::kExcessiveLoad, multiplex::kClientTooSlow, "connection does not take what is sent");
    exchanges_.finish_all(Outcome::kClientTimeout);
  }
  exchanges_.for_each([this](multiplex::Stream& stream) {
    if (!too_slow(stream)) return;
    if (RequestStream* carrier = session_.find(static_cast<quic::StreamId>(stream.id()))) {
      reset(*carrier, Code::kRequestCancelled, Outcome::kClientTimeout);
    }
  });
  if (!shutdown_.done() && exchanges_.idle_for(limits_.idle_timeout)) shutdown_.hasten();
  shutdown_.check(deadline_);
  if (shutdown_.done() && exchanges_.idle_for(limits_.linger_timeout)) {
    close(Code::kNoError, "");  // some streams' ends have not arrived, and may never do
  }
  settle();
  transport_.wake();
}

// RFC 9114 6.2.1: "Each side MUST initiate a single control stream at the beginning of the connection and send its
// SETTINGS frame as the first frame on this stream."
void H3Wire::check_greeting() {
  if (greeted_ || !deadline_.reached(opened_at_ + limits_.header_timeout)) return;
  condemn(Code::kMissingSettings, multiplex::kClientTooSlow, "settings too slow");
}

bool H3Wire::too_slow(multiplex::Stream& stream) {
  if (stream.head_received) return exchanges_.too_slow(stream);
  if (!deadline_.reached(stream.exchange.timeline.first_byte + limits_.header_timeout)) return false;
  exchanges_.report(multiplex::kClientTooSlow, "header section too slow");
  return true;
}

}  // namespace gate::http::h3
