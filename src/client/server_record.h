#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace gate::client {

// What one worker knows of one server: how it has been doing, and what an operator has said of it. Outlives every use
// of the server, so that a reload forgets nothing.
struct ServerRecord {
  std::string name;         // "http://localhost:3000"
  std::uint32_t users = 0;  // statements that name it now

  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::uint32_t in_flight = 0;
  double first_byte_seconds = 0;  // moving average

  bool healthy = true;  // as far as checks have found
  std::uint32_t failures_in_a_row = 0;
  std::uint32_t ejections_in_a_row = 0;
  base::Instant ejected_until{};  // left alone until then
  base::Instant recovered_at{};   // by a check or an operator

  bool drained = false;      // by an operator: gets no new requests
  std::uint32_t weight = 0;  // by an operator; 0: as configured
};

}  // namespace gate::client
