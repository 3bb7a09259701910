#pragma once

#include <cstdint>

namespace gate::http::h2 {

// What a peer may still send, on a stream or on the connection (RFC 9113 5.2).
class ReceiveWindow {
 public:
  explicit ReceiveWindow(std::uint32_t size) : size_(size) {}

  // Counts what has come. False when it is more than was allowed.
  [[nodiscard]] bool take(std::uint32_t bytes) {
    if (bytes > size_ - used_) return false;
    used_ += bytes;
    return true;
  }

  // What has come was dealt with. Yields what to tell the peer: half the window at a time, so that it never stands
  // still for want of a word and is not told of each byte; else 0.
  std::uint32_t give_back(std::uint32_t bytes) {
    untold_ += bytes;
    if (untold_ < size_ / 2) return 0;
    const std::uint32_t told = untold_;
    used_ -= told;
    untold_ = 0;
    return told;
  }

 private:
  std::uint32_t size_;
  std::uint32_t used_ = 0;
  std::uint32_t untold_ = 0;  // of those, dealt with but not yet told
};

}  // namespace gate::http::h2
