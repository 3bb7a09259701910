#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace gate::security {

// What the site promises browsers about HTTPS (RFC 6797).
struct HstsPolicy {
  enum class Mode : std::uint8_t {
    kOff,    // the field is not sent; browsers keep what they were told
    kFixed,  // max_age from the first day
    kRamp,   // growing to max_age, so that a mistake in the first days is forgotten in minutes
  };
  Mode mode = Mode::kFixed;
  std::chrono::seconds max_age = std::chrono::days(365);
  bool subdomains = false;
  bool preload = false;
};

// The field value for every moment, rendered once.
class HstsSchedule {
 public:
  // `began` is when a ramp was first served; for other modes it means nothing.
  HstsSchedule(const HstsPolicy& policy, base::WallTime began);

  // Empty when there is nothing to send. Before `began`, as after a clock was set back, the first stage holds.
  std::string_view value_at(base::WallTime now) const;

 private:
  struct Stage {
    base::WallTime from;
    std::string value;
  };
  std::vector<Stage> stages_;  // by time
};

// Whether a browser keeps such a promise for this host at all, and would do so for one that is reachable from outside:
// not for addresses (RFC 6797 8.1.1), and not for localhost, where the next server on the port may speak plain HTTP.
bool keeps_hsts(std::string_view host);

}  // namespace gate::security
