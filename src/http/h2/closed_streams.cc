#include "http/h2/closed_streams.h"

#include <algorithm>

namespace gate::http::h2 {

void ClosedStreams::add(std::uint32_t stream_id, Ending ending) {
  const std::uint32_t forgotten = ring_[next_];
  if (static_cast<Ending>(forgotten & 3) == Ending::kResetByUs) {
    last_forgotten_reset_ = std::max(last_forgotten_reset_, forgotten >> 1 | 1);
  }
  ring_[next_] = pack(stream_id, ending);
  next_ = (next_ + 1) % kRemembered;
}

Ending ClosedStreams::find(std::uint32_t stream_id) const {
  for (const std::uint32_t entry : ring_) {
    if (entry != 0 && entry >> 2 == stream_id >> 1) return static_cast<Ending>(entry & 3);
  }
  return stream_id <= last_forgotten_reset_ ? Ending::kResetByUs : Ending::kUnknown;
}

}  // namespace gate::http::h2
