#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace gate::base {

// "2026-11-22T09:30:00Z" (RFC 3339 5.6, in UTC): how dates are written for programs. Fractions of a second are dropped.
std::string to_timestamp(WallTime time);

// A date and time of RFC 3339 with any offset; fractions of a second are dropped. Nothing for other text, days that no
// month has, and years outside of 1970 to 2199.
std::optional<WallTime> parse_timestamp(std::string_view text);

}  // namespace gate::base
