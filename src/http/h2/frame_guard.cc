#include "http/h2/frame_guard.h"

#include "http/multiplex/codes.h"

namespace gate::http::h2 {
namespace {

using Action = Verdict::Action;

// CVE-2024-27316, CVE-2024-28182: CONTINUATION frames without end, empty or full. A head above the limit is still read
// to its end, so that it can be answered with 431; this is where that patience ends.
constexpr std::size_t kHeadFramesMax = 64;
constexpr std::size_t kHeadPatience = 2;

Verdict close(Code code, std::string_view what) { return {Action::kClose, code, multiplex::kConnectionBroken, what}; }

Verdict flood(std::string_view what) { return {Action::kClose, Code::kEnhanceYourCalm, multiplex::kFlood, what}; }

}  // namespace

FrameGuard::FrameGuard(std::size_t header_bytes_max, base::Instant now)
    : abuse_(now), head_bytes_max_(header_bytes_max * kHeadPatience) {}

Verdict FrameGuard::count(Abuse kind, base::Instant now) {
  return abuse_.tolerates(kind, now) ? Verdict{} : flood(to_string(kind));
}

Verdict FrameGuard::judge(const FrameHeader& frame, bool live, base::Instant now) {
  switch (frame.type) {
    case FrameType::kData:
      if (frame.stream_id <= last_stream_id_ && !live) return judge_late(frame, now);
      if (frame.length == 0 && !frame.has(kFlagEndStream)) return count(Abuse::kEmptyFrame, now);
      return {};
    case FrameType::kHeaders: return judge_head(frame, live, now);
    case FrameType::kContinuation:
      if (frame.length == 0 && !abuse_.tolerates(Abuse::kEmptyFrame, now)) return flood(to_string(Abuse::kEmptyFrame));
      return judge_head_size(frame);
    case FrameType::kPriority:
    case FrameType::kPriorityUpdate: return count(Abuse::kPriority, now);
    case FrameType::kResetStream: return count(live ? Abuse::kReset : Abuse::kStrayFrame, now);
    case FrameType::kSettings: return count(Abuse::kSettings, now);
    case FrameType::kPing: return count(Abuse::kPing, now);
    case FrameType::kGoaway: return count(Abuse::kStrayFrame, now);
    case FrameType::kWindowUpdate: return count(Abuse::kWindowUpdate, now);
    case FrameType::kPushPromise: return close(Code::kProtocolError, "PUSH_PROMISE from a client");
  }
  return count(Abuse::kUnknownFrame, now);
}

Verdict FrameGuard::judge_head(const FrameHeader& frame, bool live, base::Instant now) {
  head_bytes_ = 0;
  head_frames_ = 0;
  if (frame.stream_id > last_stream_id_) {
    last_stream_id_ = frame.stream_id;
  } else if (!live) {
    const Verdict late = judge_late(frame, now);
    if (late.action == Action::kClose) return late;
    const Verdict size = judge_head_size(frame);
    return size.action == Action::kPass ? late : size;
  }
  return judge_head_size(frame);
}

Verdict FrameGuard::judge_head_size(const FrameHeader& frame) {
  head_bytes_ += frame.length;
  if (++head_frames_ > kHeadFramesMax || head_bytes_ > head_bytes_max_) return flood("CONTINUATION flood");
  return {};
}

// RFC 9113 5.1, on the closed state: late frames are honest only where the peer cannot know yet that we reset the
// stream.
Verdict FrameGuard::judge_late(const FrameHeader& frame, base::Instant now) {
  if (!abuse_.tolerates(Abuse::kStrayFrame, now)) return flood(to_string(Abuse::kStrayFrame));
  // Not a stream a client can open: the session knows what to say to that.
  const bool of_client = frame.stream_id % 2 == 1;
  if (!of_client || frame.stream_id > ignored_above_) return {};
  switch (closed_.find(frame.stream_id)) {
    case Ending::kResetByUs: return {};
    case Ending::kResetByPeer:
      return {Action::kResetStream, Code::kStreamClosed, multiplex::kStreamBroken,
              "frame on a stream the client had reset"};
    case Ending::kDone: return close(Code::kStreamClosed, "frame on a stream that was complete");
    case Ending::kUnknown: break;
  }
  // RFC 9113 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with a connection error
  // (Section 5.4.1) of type PROTOCOL_ERROR."
  if (frame.type == FrameType::kHeaders) return close(Code::kProtocolError, "stream identifier used out of order");
  return close(Code::kStreamClosed, "DATA on a closed stream");
}

}  // namespace gate::http::h2
