#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "http/h2/frame.h"
#include "http/h2/frame_guard.h"
#include "http/multiplex/abuse.h"

namespace gate::http::h2 {

// FrameGuard's mirror image: judges every frame of a server by its header before the protocol library sees it. A server
// behind the proxy is trusted more than a client, but one that was taken over must not take the proxy with it.
class ClientFrameGuard {
 public:
  ClientFrameGuard(std::size_t header_bytes_max, base::Instant now);

  // `live` says whether the frame's stream carries a call. The verdict is never to reset a stream.
  Verdict judge(const FrameHeader& frame, bool live, base::Instant now);

  // A call was begun, which pays for what belongs to it and comes when it is over already.
  void call_started();

  // A DATA frame was sent, which pays for what a careful server answers: windows opened again, and a PING to measure
  // how fast it comes.
  void data_sent();

 private:
  Verdict judge_head_size(const FrameHeader& frame);
  Verdict count(Abuse kind, base::Instant now);

  AbuseMeter abuse_;
  std::size_t head_bytes_max_;
  std::size_t head_bytes_ = 0;  // of the field section under way, as compressed
  std::size_t head_frames_ = 0;
};

}  // namespace gate::http::h2
