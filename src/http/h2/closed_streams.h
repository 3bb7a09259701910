#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gate::http::h2 {

// How a stream came to its end, which decides what a late frame for it means.
enum class Ending : std::uint8_t {
  kUnknown,  // never opened, or too long ago
  kDone,     // both sides ended it
  kResetByPeer,
  kResetByUs,  // the peer may not know yet
};

// Remembers the last streams of a client that closed, in a few bytes. Their ids are odd.
class ClosedStreams {
 public:
  void add(std::uint32_t stream_id, Ending ending);

  // A stream that is too old to be remembered counts as reset by us if one such as old was forgotten: late frames for
  // it may be honest.
  Ending find(std::uint32_t stream_id) const;

 private:
  // Id and ending share 32 bits: the upper 30 hold id / 2.
  static constexpr std::uint32_t pack(std::uint32_t stream_id, Ending ending) {
    return (stream_id >> 1) << 2 | static_cast<std::uint32_t>(ending);
  }

  static constexpr std::size_t kRemembered = 16;
  std::array<std::uint32_t, kRemembered> ring_{};
  std::size_t next_ = 0;
  std::uint32_t last_forgotten_reset_ = 0;
};

}  // namespace gate::http::h2
