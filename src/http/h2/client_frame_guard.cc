#include "http/h2/client_frame_guard.h"

#include "http/multiplex/codes.h"

namespace gate::http::h2 {
namespace {

// CONTINUATION frames without end, empty or full (CVE-2024-27316, from the other side). A head above the limit is read
// on for a while, because the call that asked for it is told why it failed; this is where that patience ends.
constexpr std::size_t kHeadFramesMax = 64;
constexpr std::size_t kHeadPatience = 2;

// Trailers and a reset of a call that was cancelled, say; an empty frame where a server flushes; a window for its head.
constexpr std::uint32_t kFramesPerCall = 2;

// A server that gives back each DATA frame's window at once sends two WINDOW_UPDATEs for it.
constexpr std::uint32_t kWindowUpdatesPerFrame = 2;

Verdict close(Code code, std::string_view what) {
  return {Verdict::Action::kClose, code, multiplex::kConnectionBroken, what};
}

}  // namespace

ClientFrameGuard::ClientFrameGuard(std::size_t header_bytes_max, base::Instant now)
    : abuse_(now), head_bytes_max_(header_bytes_max * kHeadPatience) {}

void ClientFrameGuard::call_started() {
  abuse_.forgive(Abuse::kStrayFrame, kFramesPerCall);
  abuse_.forgive(Abuse::kEmptyFrame, kFramesPerCall);
  abuse_.forgive(Abuse::kWindowUpdate, kFramesPerCall);
}

void ClientFrameGuard::data_sent() {
  abuse_.forgive(Abuse::kWindowUpdate, kWindowUpdatesPerFrame);
  abuse_.forgive(Abuse::kPing, 1);
}

Verdict ClientFrameGuard::count(Abuse kind, base::Instant now) {
  return abuse_.tolerates(kind, now) ? Verdict{} : close(Code::kEnhanceYourCalm, to_string(kind));
}

Verdict ClientFrameGuard::judge(const FrameHeader& frame, bool live, base::Instant now) {
  switch (frame.type) {
    case FrameType::kData:
      // What comes for a call that was cancelled is bounded by its window.
      return frame.length == 0 && !frame.has(kFlagEndStream) ? count(Abuse::kEmptyFrame, now) : Verdict{};
    case FrameType::kHeaders:
      head_bytes_ = 0;
      head_frames_ = 0;
      if (const Verdict size = judge_head_size(frame); size.action != Verdict::Action::kPass) return size;
      return live ? Verdict{} : count(Abuse::kStrayFrame, now);
    case FrameType::kContinuation:
      if (const Verdict size = judge_head_size(frame); size.action != Verdict::Action::kPass) return size;
      return frame.length == 0 ? count(Abuse::kEmptyFrame, now) : Verdict{};
    case FrameType::kPriority:
    case FrameType::kPriorityUpdate: return count(Abuse::kPriority, now);
    case FrameType::kResetStream: return live ? Verdict{} : count(Abuse::kStrayFrame, now);
    case FrameType::kSettings: return count(Abuse::kSettings, now);
    case FrameType::kPing: return count(Abuse::kPing, now);
    case FrameType::kGoaway: return count(Abuse::kStrayFrame, now);
    case FrameType::kWindowUpdate: return count(Abuse::kWindowUpdate, now);
    // RFC 9113 8.4: "A server cannot set the SETTINGS_ENABLE_PUSH setting to a value other than 0 [...] A client that
    // has set this setting to 0 [...] MUST treat the receipt of a PUSH_PROMISE frame as a connection error".
    case FrameType::kPushPromise: return close(Code::kProtocolError, "PUSH_PROMISE, which was not wanted");
  }
  return count(Abuse::kUnknownFrame, now);
}

Verdict ClientFrameGuard::judge_head_size(const FrameHeader& frame) {
  head_bytes_ += frame.length;
  if (++head_frames_ <= kHeadFramesMax && head_bytes_ <= head_bytes_max_) return {};
  return close(Code::kEnhanceYourCalm, "head far above its limit");
}

}  // namespace gate::http::h2
