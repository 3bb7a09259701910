#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace gate::conf {

// The first byte of a text that no configuration may hold, and what it is.
struct BadText {
  std::size_t offset = 0;
  std::string_view what;
  std::string_view fix = "remove it";
};

// Looks for NUL and other control characters (tab and line ends are fine, CR only before LF), invalid UTF-8, and the
// direction-changing characters that make a line read as what it is not (CVE-2021-42574).
std::optional<BadText> find_bad_text(std::string_view text);

// The length of the UTF-8 sequence at the front of `text`; 0 when it is none (RFC 3629 4).
std::size_t utf8_length(std::string_view text);

inline bool is_utf8_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

}  // namespace gate::conf
