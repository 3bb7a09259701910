#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate::conf {

// "30s", "500ms": nothing for other texts and for what does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "64KB", "1GiB".
std::optional<std::uint64_t> parse_size(std::string_view text);

// What was probably meant: "30" as "30s", "10mb" and "10M" as "10MB"; empty without an idea.
std::string suggest_duration(std::string_view text);
std::string suggest_size(std::string_view text);

// In the largest unit that leaves no rest: "90s", "1d", "64KiB".
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

}  // namespace gate::conf
