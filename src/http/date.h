#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gate::http {

// "Sun, 06 Nov 1994 08:49:37 GMT"
inline constexpr std::size_t kHttpDateBytes = 29;

// Writes `time` as IMF-fixdate (RFC 9110 5.6.7). Times outside the years 0 to 9999 are drawn to the nearest end.
void format_http_date(std::chrono::sys_seconds time, std::span<char, kHttpDateBytes> into);
std::array<char, kHttpDateBytes> format_http_date(std::chrono::sys_seconds time);

// Reads any of the three forms of RFC 9110 5.6.7: IMF-fixdate, and the obsolete RFC 850 and asctime forms. `now`
// decides the century of a two-digit year. Nothing for any other text; the day's name must be one, but need not be the
// right one.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace gate::http
