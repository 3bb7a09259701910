#pragma once

#include <cstdint>

#include "base/clock.h"
#include "http/multiplex/lazy_deadline.h"

namespace gate::http::multiplex {

// The graceful end of a connection in two steps (RFC 9113 6.8, RFC 9114 5.2). First it is announced; when the client
// has seen that, or has had the time, the final notice says which requests are still answered.
//
//   none --announce--> announced --hasten, time--> due --take_due--> done
//     '-------------------hasten--------------------^
class Shutdown {
 public:
  bool begun() const { return phase_ != Phase::kNone; }
  bool announced() const { return phase_ == Phase::kAnnounced; }
  bool done() const { return phase_ == Phase::kDone; }

  // The announcement is on its way; at that time there was enough time for it.
  void announce(base::Instant enough, LazyDeadline& deadline) {
    phase_ = Phase::kAnnounced;
    enough_ = enough;
    deadline.note(enough);
  }

  // The client has seen the announcement, or there is nobody to wait for.
  void hasten() {
    if (phase_ < Phase::kDue) phase_ = Phase::kDue;
  }

  // True once: the final notice is to be sent now.
  bool take_due() {
    if (phase_ != Phase::kDue) return false;
    phase_ = Phase::kDone;
    return true;
  }

  void check(LazyDeadline& deadline) {
    if (announced() && deadline.reached(enough_)) hasten();
  }

 private:
  enum class Phase : std::uint8_t { kNone, kAnnounced, kDue, kDone };

  base::Instant enough_{};
  Phase phase_ = Phase::kNone;
};

}  // namespace gate::http::multiplex
