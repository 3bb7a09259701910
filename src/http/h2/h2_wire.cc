#include "http/h2/h2_wire.h"

#include "http/multiplex/codes.h"

namespace gate::http::h2 {
namespace {

// Frames that may wait to be sent before input is left unread (CVE-2019-9517: a client that does not read).
constexpr std::size_t kQueuedFramesMax = 512;

// DATA frames this small, cut by the client's window, count as data dribble.
constexpr std::size_t kTinyFrameBytes = 256;

// A client that gives back each DATA frame's window at once sends two WINDOW_UPDATEs for it.
constexpr std::uint32_t kWindowUpdatesPerFrame = 2;

std::uint32_t number_of(const Stream& stream) { return static_cast<std::uint32_t>(stream.id()); }

}  // namespace

H2Wire::H2Wire(WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
               WireHost& host)
    : limits_(limits),
      host_(host),
      guard_(limits.header_bytes_max, context.time.now),
      session_(*this, limits, context.scratch),
      exchanges_({context, dispatcher, connection, limits, host}, Version::kHttp2, session_),
      deadline_(exchanges_.deadline()),
      delivery_(Pace(limits), context.time, deadline_),
      opened_at_(context.time.now),
      reading_pace_(limits) {
  deadline_.note(opened_at_ + limits.header_timeout);
}

H2Wire::~H2Wire() { exchanges_.finish_all(Outcome::kClientGone); }

void H2Wire::receive(base::ByteView bytes) {
  if (!takes_input()) return;
  session_.feed(bytes);
  if (!session_.in_head()) {
    head_since_.reset();
  } else if (!head_since_) {
    head_since_ = now();
    deadline_.note(now() + limits_.header_timeout);
  }
  settle();
}

bool H2Wire::frame_begun(const FrameHeader& frame, bool live) {
  const Verdict verdict = guard_.judge(frame, live, now());
  if (verdict.action == Verdict::Action::kResetStream) session_.send_reset(frame.stream_id, verdict.code);
  obey(verdict);
  return !condemned_;
}

void H2Wire::receive_end() {
  input_ended_ = true;
  exchanges_.for_each([this](Stream& stream) {
    if (!stream.body.ended()) reset(stream, Code::kCancel, Outcome::kClientGone);
  });
  host_.wake();
}

void H2Wire::produce(base::Buffer& out, std::size_t budget) {
  if (ended_) return;
  const std::size_t before = out.size();
  session_.open_output(out);
  for (bool more = true; more;) {
    const std::size_t reached = out.size();
    exchanges_.send_ready();
    if (shutdown_.take_due()) guard_.shut_down(session_.shut_down());
    more = session_.produce(before + budget) && out.size() > reached;
    // Producing may end the connection for a flood, or make other streams ready.
    const bool settled = settle();
    more = settled || (more && exchanges_.any_ready());
  }
  session_.close_output();
  delivery_.add(out.size() - before);
}

bool H2Wire::wants_read() const { return takes_input() && !input_ended_ && session_.queued() < kQueuedFramesMax; }

bool H2Wire::finished() const {
  if (ended_) return true;
  if (input_ended_ && exchanges_.empty()) return true;
  return exchanges_.empty() && !session_.alive();
}

void H2Wire::note_progress(std::size_t bytes_sent) { delivery_.progress(bytes_sent); }

void H2Wire::drain() {
  if (ended_ || closing_ || shutdown_.begun()) return;
  if (input_ended_) {
    shutdown_.hasten();
  } else {
    session_.announce_shutdown();
    shutdown_.announce(now() + limits_.linger_timeout, deadline_);
  }
  host_.wake();
}

void H2Wire::ping_acknowledged() {
  if (shutdown_.announced()) shutdown_.hasten();
}

void H2Wire::abandon() { end(Outcome::kClientGone); }

// --- requests

Stream& H2Wire::stream_opened(std::uint32_t id) {
  Stream& stream = exchanges_.open(id);
  if (exchanges_.used_up()) drain();
  return stream;
}

bool H2Wire::field_received(Stream& stream, const Field& line) {
  if (exchanges_.take_field(stream, line)) return true;
  if (!stream.head_received) condemn(Code::kEnhanceYourCalm, multiplex::kFlood, "header list far above its limit");
  return false;
}

void H2Wire::head_received(Stream& stream, bool ended) {
  guard_.forgive(Abuse::kWindowUpdate, kWindowUpdatesPerFrame);
  exchanges_.take_head(stream, ended);
}

void H2Wire::hollow_data_received() { obey(guard_.count(Abuse::kEmptyFrame, now())); }

void H2Wire::stream_refused(std::uint32_t id) {
  guard_.stream_closed(id, Ending::kResetByUs);
  exchanges_.report(multiplex::kStreamRefused, "more streams than allowed");
  obey(guard_.count(Abuse::kStrayFrame, now()));
}

// --- responses

Pulled H2Wire::pull_data(Stream& stream, std::span<std::byte> into) {
  const Pulled pulled = stream.pull(into);
  if (pulled.read.count == 0) return pulled;
  stream.response_pace.progress(pulled.read.count, now());
  reading_pace_.progress(pulled.read.count, now());
  guard_.forgive(Abuse::kWindowUpdate, kWindowUpdatesPerFrame);
  const bool cut = pulled.read.state == BodyRead::State::kData && pulled.read.count == into.size();
  if (cut && into.size() < kTinyFrameBytes) obey(guard_.count(Abuse::kTinyWindow, now()));
  return pulled;
}

void H2Wire::reset_sent(Code code) {
  const bool caused = code != Code::kNoError && code != Code::kInternalError && code != Code::kCancel;
  if (!caused || code == Code::kRefusedStream) return;
  exchanges_.report(multiplex::kStreamBroken, to_string(code));
  obey(guard_.count(Abuse::kCausedReset, now()));
}

void H2Wire::connection_broken(Code code) { condemn(code, multiplex::kConnectionBroken, to_string(code)); }

void H2Wire::stream_closed(Stream& stream) {
  const bool done = stream.response_ended() && stream.body.ended();
  guard_.stream_closed(number_of(stream), stream.reset_by_peer ? Ending::kResetByPeer
                                          : done               ? Ending::kDone
                                                               : Ending::kResetByUs);
  exchanges_.close(stream);
}

// --- ends

void H2Wire::reset(Stream& stream, Code code, Outcome outcome) {
  session_.send_reset(number_of(stream), code);
  session_.forget(stream);
  guard_.stream_closed(number_of(stream), Ending::kResetByUs);
  exchanges_.finish(stream, outcome);
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
  exchanges_.report(condemned_->event.code, condemned_->event.what);
  if (!closing_) session_.terminate(condemned_->code);
  closing_ = true;
  exchanges_.finish_all(Outcome::kServerClosed);
  condemned_.reset();
  return true;
}

void H2Wire::end(Outcome outcome) {
  if (ended_) return;
  exchanges_.finish_all(outcome);
  ended_ = true;
  deadline_.clear();
}

}  // namespace gate::http::h2
