#pragma once

#include <cstdint>
#include <string_view>

namespace gate::http::multiplex {

inline constexpr std::uint8_t kUrgencies = 8;

// RFC 9218 4: in which order responses are sent; the lower, the sooner.
struct Priority {
  std::uint8_t urgency = 3;
  bool incremental = false;  // may share with its like instead of being served whole

  bool operator==(const Priority&) const = default;
};

// Reads a Priority field value (RFC 9218 4, a dictionary of RFC 8941). What is not known or makes no sense is passed
// over, as if it were not there.
Priority parse_priority(std::string_view value);

}  // namespace gate::http::multiplex
