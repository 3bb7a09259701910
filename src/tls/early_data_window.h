#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "base/bytes.h"
#include "base/clock.h"

namespace gate::tls {

// Which tickets have brought early data lately, so that a recorded ClientHello cannot bring it again (RFC 8446 8.2).
// The library refuses early data of a ticket whose age, as the client says it, is more than a minute off; what is older
// than the window is refused that way.
//
// One a worker: a replay that comes to another worker is not seen, which is why early data is for safe requests only.
class EarlyDataWindow {
 public:
  static constexpr base::Duration kSpan = std::chrono::seconds(120);
  // Tickets remembered; beyond them early data is refused, and the client's requests take a round trip more.
  static constexpr std::size_t kTicketsMax = 65'536;

  // For the first span nothing is admitted: what came before is not known.
  explicit EarlyDataWindow(base::Instant now) : opened_(now), turned_(now) {}

  // Whether early data may come with this ticket. True at most once for each.
  [[nodiscard]] bool admit(base::ByteView ticket, base::Instant now);

 private:
  const base::Instant opened_;
  base::Instant turned_;
  std::unordered_set<std::uint64_t> current_;
  std::unordered_set<std::uint64_t> previous_;
};

}  // namespace gate::tls
