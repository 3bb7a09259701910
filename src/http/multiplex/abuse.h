#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace gate::http::multiplex {

// What a client may do now and then but not in masses (RFC 9113 10.5). The attack each one stops:
enum class Abuse : std::uint8_t {
  kReset,         // rapid reset, CVE-2023-44487: requests that are cancelled as soon as they are sent
  kCausedReset,   // MadeYouReset, CVE-2025-8671: the same by errors that make the server reset; also CVE-2019-9514
  kPing,          // ping flood, CVE-2019-9512
  kSettings,      // settings flood, CVE-2019-9515
  kPriority,      // resource loop, CVE-2019-9513: shuffling priorities
  kEmptyFrame,    // empty frames flood, CVE-2019-9518: DATA and header frames that carry nothing
  kUnknownFrame,  // frame types that are ignored, at our expense
  kWindowUpdate,  // window update flood
  kTinyWindow,    // data dribble, CVE-2019-9511: windows opened a few bytes at a time
  kStrayFrame,    // frames for streams that are gone
  kControlBytes,  // QPACK's table changed again and again, a byte an entry
};
inline constexpr std::size_t kAbuseKinds = 11;

// Static text for audit log and metrics.
std::string_view to_string(Abuse kind);

// One leaky bucket for each kind of abuse: every occurrence pours in one, time drains it, and a client that overfills
// a bucket is to be cut off. Small, because every idle connection holds one.
class AbuseMeter {
 public:
  explicit AbuseMeter(base::Instant now) : drained_at_(now) {}

  // Counts occurrences. False when there were too many.
  [[nodiscard]] bool tolerates(Abuse kind, base::Instant now, std::size_t occurrences = 1);

  // Takes back up to `count` occurrences: honest work pays for the frames that go with it.
  void forgive(Abuse kind, std::uint32_t count);

 private:
  void drain(base::Instant now);

  std::array<std::uint32_t, kAbuseKinds> levels_{};  // in thousandths
  base::Instant drained_at_;
};

}  // namespace gate::http::multiplex
