#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "http/h2/closed_streams.h"
#include "http/h2/frame.h"
#include "http/multiplex/abuse.h"

namespace gate::http::h2 {

using multiplex::Abuse;
using multiplex::AbuseMeter;

// What is to be done about a frame, or about the connection it came on.
struct Verdict {
  enum class Action : std::uint8_t { kPass, kResetStream, kClose };
  Action action = Action::kPass;
  Code code = Code::kNoError;
  base::ErrorCode event;
  std::string_view what;  // static text
};

// Judges every frame by its header before it is looked into: floods, heads without end, and frames that come
// too late for their stream. Holds what has to be remembered for that.
class FrameGuard {
 public:
  FrameGuard(std::size_t header_bytes_max, base::Instant now);

  // `live` says whether the frame's stream is open in either direction; asked for DATA, HEADERS and RST_STREAM only.
  Verdict judge(const FrameHeader& frame, bool live, base::Instant now);

  // Counts something that is seen only after decoding.
  Verdict count(Abuse kind, base::Instant now);
  void forgive(Abuse kind, std::uint32_t count) { abuse_.forgive(kind, count); }

  void stream_closed(std::uint32_t stream_id, Ending ending) { closed_.add(stream_id, ending); }

  // Streams above this one are ignored from now on (RFC 9113 6.8).
  void shut_down(std::uint32_t last_stream_id) { ignored_above_ = last_stream_id; }

  // The highest stream id for which a HEADERS frame came.
  std::uint32_t last_stream_id() const { return last_stream_id_; }

 private:
  Verdict judge_head(const FrameHeader& frame, bool live, base::Instant now);
  Verdict judge_head_size(const FrameHeader& frame);
  Verdict judge_late(const FrameHeader& frame, base::Instant now);

  AbuseMeter abuse_;
  ClosedStreams closed_;
  std::size_t head_bytes_max_;
  std::size_t head_bytes_ = 0;  // of the field section under way, as compressed
  std::size_t head_frames_ = 0;
  std::uint32_t last_stream_id_ = 0;
  std::uint32_t ignored_above_ = UINT32_MAX;
};

}  // namespace gate::http::h2
