#include "http/h2/h2_wire.h"

#include <algorithm>

#include "http/multiplex/codes.h"
#include "http/request_rules.h"

namespace gate::http::h2 {
namespace {

// Frames that may wait to be sent before input is left unread (CVE-2019-9517: a client that does not read).
constexpr std::size_t kQueuedFramesMax = 512;

// DATA frames this small, cut by the client's window, count as data dribble.
constexpr std::size_t kTinyFrameBytes = 256;

// A client that gives back each DATA frame's window at once sends two WINDOW_UPDATEs for it.
constexpr std::uint32_t kWindowUpdatesPerFrame = 2;

Outcome outcome_of(const Stream& stream) {
  if (stream.response_ended()) return Outcome::kComplete;
  if (stream.reset_by_peer) return Outcome::kClientGone;
  return stream.response_failed() ? Outcome::kResponseFailed : Outcome::kServerClosed;
}

}  // namespace

H2Wire::H2Wire(WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
               WireHost& host)
    : context_(context),
      dispatcher_(dispatcher),
      connection_(connection),
      limits_(limits),
      host_(host),
      guard_(limits.header_bytes_max, context.time.now),
      streams_(context.blocks),
      session_(*this, limits, context.scratch),
      deadline_(context.time.now + limits.header_timeout),
      opened_at_(context.time.now),
      idle_since_(context.time.now),
      reading_pace_(limits),
      writing_pace_(limits) {}

H2Wire::~H2Wire() { finish_all(Outcome::kClientGone); }

void H2Wire::receive(base::ByteView bytes) {
  while (!bytes.empty() && takes_input()) {
    const auto piece = frames_.take(bytes);
    if (piece.begun && !admit(*piece.begun)) break;
    session_.feed(piece.bytes);
  }
  if (!frames_.in_head()) {
    head_since_.reset();
  } else if (!head_since_) {
    head_since_ = now();
    note_due(now() + limits_.header_timeout);
  }
  settle();
}

bool H2Wire::admit(const FrameHeader& frame) {
  const bool of_stream =
      frame.type == FrameType::kData || frame.type == FrameType::kHeaders || frame.type == FrameType::kResetStream;
  const bool live = of_stream && frame.stream_id <= guard_.last_stream_id() && session_.find(frame.stream_id);
  const Verdict verdict = guard_.judge(frame, live, now());
  if (verdict.action == Verdict::Action::kResetStream) session_.reset(frame.stream_id, verdict.code);
  obey(verdict);
  return !condemned_;
}

void H2Wire::receive_end() {
  input_ended_ = true;
  streams_.for_each([this](Stream& stream) {
    if (!stream.body.ended()) reset(stream, Code::kCancel, Outcome::kClientGone);
  });
  host_.wake();
}

void H2Wire::produce(base::Buffer& out, std::size_t budget) {
  if (ended_) return;
  const std::size_t before = out.size();
  for (bool more = true; more;) {
    const std::size_t reached = out.size();
    send_ready();
    if (shutdown_ == Shutdown::kDue) {
      guard_.shut_down(session_.shut_down());
      shutdown_ = Shutdown::kDone;
    }
    more = session_.produce(out, before + budget) && out.size() > reached;
    // Producing may end the connection for a flood, or make other streams ready.
    const bool settled = settle();
    more = settled || (more && !ready_.empty());
  }
  unsent_ += out.size() - before;
  if (unsent_ > 0 && !writing_pace_.running()) {
    writing_pace_.resume(now());
    note_due(writing_pace_.due());
  }
}

bool H2Wire::wants_read() const { return takes_input() && !input_ended_ && session_.queued() < kQueuedFramesMax; }

bool H2Wire::finished() const {
  if (ended_) return true;
  if (input_ended_ && streams_.empty()) return true;
  return !session_.alive();
}

void H2Wire::note_progress(std::size_t bytes_sent) {
  unsent_ -= std::min(unsent_, bytes_sent);
  writing_pace_.progress(bytes_sent, now());
  if (unsent_ == 0) writing_pace_.stop(now());
}

void H2Wire::drain() {
  if (ended_ || closing_ || shutdown_ != Shutdown::kNone) return;
  if (input_ended_) {
    shutdown_ = Shutdown::kDue;
  } else {
    session_.announce_shutdown();
    shutdown_ = Shutdown::kAnnounced;
    shutdown_at_ = now() + limits_.linger_timeout;
    note_due(shutdown_at_);
  }
  host_.wake();
}

void H2Wire::ping_acknowledged() {
  if (shutdown_ == Shutdown::kAnnounced) shutdown_ = Shutdown::kDue;
}

void H2Wire::abandon() { end(Outcome::kClientGone); }

// --- requests

Stream& H2Wire::stream_opened(std::uint32_t id) {
  if (++requests_ == limits_.requests_per_connection_max) drain();
  return streams_.open(*this, id, connection_, limits_, context_.time);
}

bool H2Wire::field_received(Stream& stream, std::string_view name, std::string_view value) {
  if (!stream.head_received) {
    if (stream.assembly.add(stream.exchange, name, value)) return true;
    condemn(Code::kEnhanceYourCalm, multiplex::kFlood, "header list far above its limit");
    return false;
  }
  if (!stream.assembly.takes_trailer(stream.exchange, name, value)) return false;
  base::Arena& arena = stream.exchange.arena();
  const FieldId id = field_id(name);
  if (is_trailer_allowed(id)) stream.body.add_trailer(arena, {arena.copy(name), arena.copy(value), id});
  return true;
}

void H2Wire::head_received(Stream& stream, bool ended) {
  Exchange& exchange = stream.exchange;
  exchange.id = context_.next_exchange_id++;
  exchange.error_pages = context_.error_pages;
  exchange.timeline.head_complete = now();
  stream.head_received = true;
  guard_.forgive(Abuse::kWindowUpdate, kWindowUpdatesPerFrame);
  const auto fault = stream.assembly.finish(exchange, ended);
  stream.body.set_length(exchange.request.content_length);
  if (ended) {
    stream.body.end();
  } else {
    stream.body_pace.start(now());
    note_due(stream.body_pace.due());
  }
  if (fault) {
    exchange.refuse(answer_to(*fault));
  } else {
    dispatcher_.dispatch(exchange);
  }
}

void H2Wire::data_received(Stream& stream, base::ByteView bytes) {
  const bool too_large = stream.exchange.request_body_bytes + bytes.size() > limits_.body_bytes_max;
  if (stream.body.open() && !too_large) {
    stream.receive_data(bytes);
    return;
  }
  // Nobody reads the rest; the stream's window stays as it is, so that the client stops.
  session_.open_connection_window(bytes.size());
  if (stream.body.open()) fail_request(stream, RequestFault::kBodyTooLarge);
}

void H2Wire::fail_request(Stream& stream, RequestFault fault) {
  session_.open_connection_window(stream.body.unread());
  stream.fail_request(fault);
}

void H2Wire::hollow_data_received() { obey(guard_.count(Abuse::kEmptyFrame, now())); }

void H2Wire::stream_refused(std::uint32_t id) {
  guard_.stream_closed(id, Ending::kResetByUs);
  report(multiplex::kStreamRefused, "more streams than allowed");
  obey(guard_.count(Abuse::kStrayFrame, now()));
}

void H2Wire::body_wanted(Stream& stream) {
  const auto expect = stream.exchange.request.fields.find(FieldId::kExpect);
  if (!expect || stream.response_begun()) return;
  session_.submit_continue(stream);
  host_.wake();
}

void H2Wire::body_taken(Stream& stream, std::size_t count) {
  session_.open_window(stream, count);
  host_.wake();
}

// --- responses

void H2Wire::stream_ready(Stream& stream) {
  const base::ListNode<multiplex::ReadyStreams>& node = stream;
  if (!node.linked()) ready_.push_back(stream);
  host_.wake();
}

void H2Wire::send_ready() {
  while (!ready_.empty()) {
    Stream& stream = ready_.pop_front();
    if (stream.response_begun()) {
      session_.resume(stream);
    } else {
      const auto head = stream.start_response();
      session_.submit_head(stream, head.lines, head.has_body);
    }
    if (stream.response_pace.running()) note_due(stream.response_pace.due());
  }
}

Pulled H2Wire::pull_data(Stream& stream, std::span<std::byte> into) {
  const Pulled pulled = stream.pull(into);
  if (pulled.read.count == 0) return pulled;
  reading_pace_.progress(pulled.read.count, now());
  guard_.forgive(Abuse::kWindowUpdate, kWindowUpdatesPerFrame);
  const bool cut = pulled.read.state == BodyRead::State::kData && pulled.read.count == into.size();
  if (cut && into.size() < kTinyFrameBytes) obey(guard_.count(Abuse::kTinyWindow, now()));
  return pulled;
}

// RFC 9113 8.1: "A server can send a complete response prior to the client sending an entire request [...] a server MAY
// request that the client abort transmission of a request without error by sending a RST_STREAM with an error code of
// NO_ERROR".
void H2Wire::response_sent(Stream& stream) {
  stream.response_sent();
  if (!stream.body.ended()) session_.reset(stream.id(), Code::kNoError);
}

void H2Wire::reset_sent(Code code) {
  const bool caused = code != Code::kNoError && code != Code::kInternalError && code != Code::kCancel;
  if (!caused || code == Code::kRefusedStream) return;
  report(multiplex::kStreamBroken, to_string(code));
  obey(guard_.count(Abuse::kCausedReset, now()));
}

// An error that nghttp2 has found itself is known from here.
void H2Wire::goaway_sent(Code code) {
  if (code == Code::kNoError || closing_) return;
  closing_ = true;
  condemn(code, multiplex::kConnectionBroken, to_string(code));
}

void H2Wire::stream_closed(Stream& stream) {
  const bool done = stream.response_ended() && stream.body.ended();
  guard_.stream_closed(stream.id(), stream.reset_by_peer ? Ending::kResetByPeer
                                    : done               ? Ending::kDone
                                                         : Ending::kResetByUs);
  finish(stream, outcome_of(stream));
}

// --- ends

void H2Wire::reset(Stream& stream, Code code, Outcome outcome) {
  session_.reset(stream.id(), code);
  session_.forget(stream);
  guard_.stream_closed(stream.id(), Ending::kResetByUs);
  finish(stream, outcome);
}

void H2Wire::finish(Stream& stream, Outcome outcome) {
  if (const std::size_t unread = stream.body.unread()) session_.open_connection_window(unread);
  if (stream.head_received) {
    stream.exchange.outcome = outcome;
    stream.exchange.timeline.finished = now();
    context_.observer.finished(stream.exchange);
  }
  streams_.close(stream);
  if (!streams_.empty()) return;
  idle_since_ = now();
  note_due(idle_since_ + limits_.idle_timeout);
}

void H2Wire::finish_all(Outcome outcome) {
  streams_.for_each([&](Stream& stream) {
    session_.forget(stream);
    finish(stream, outcome);
  });
}

void H2Wire::obey(const Verdict& verdict) {
  if (verdict.action == Verdict::Action::kClose) condemn(verdict.code, verdict.event, verdict.what);
}

void H2Wire::condemn(Code code, base::ErrorCode event, std::string_view what) {
  if (!condemned_) condemned_ = Condemned{code, {event, what}};
}

// Carries out what condemn() noted; says whether there was something.
bool H2Wire::settle() {
  if (!condemned_ || ended_) return false;
  report(condemned_->event.code, condemned_->event.what);
  if (!closing_) session_.terminate(condemned_->code);
  closing_ = true;
  finish_all(Outcome::kServerClosed);
  condemned_.reset();
  return true;
}

void H2Wire::end(Outcome outcome) {
  if (ended_) return;
  finish_all(outcome);
  ended_ = true;
  deadline_ = base::Instant::max();
}

void H2Wire::report(base::ErrorCode code, std::string_view what) {
  context_.observer.violation(connection_, {code, what});
}

}  // namespace gate::http::h2
