#include "base/timestamp.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace gate::base {

namespace {

// Exactly `digits` digits off the front of `rest`, which then go.
std::optional<int> take_number(std::string_view& rest, std::size_t digits) {
  const auto number = rest.size() < digits ? std::nullopt : parse_number<unsigned>(rest.substr(0, digits));
  if (!number) return std::nullopt;
  rest.remove_prefix(digits);
  return static_cast<int>(*number);
}

bool take(std::string_view& rest, char expected) {
  if (rest.empty() || to_lower(rest.front()) != expected) return false;
  rest.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& rest) {
  const auto year = take_number(rest, 4);
  if (!year || *year < 1970 || *year > 2199 || !take(rest, '-')) return std::nullopt;
  const auto month = take_number(rest, 2);
  if (!month || !take(rest, '-')) return std::nullopt;
  const auto day = take_number(rest, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::minutes> take_hours_and_minutes(std::string_view& rest) {
  const auto hours = take_number(rest, 2);
  if (!hours || *hours > 23 || !take(rest, ':')) return std::nullopt;
  const auto minutes = take_number(rest, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

bool take_fraction(std::string_view& rest) {
  if (!take(rest, '.')) return true;
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(digits);
  return digits > 0;
}

// What has to be added to local time for UTC.
std::optional<std::chrono::minutes> take_offset(std::string_view& rest) {
  if (take(rest, 'z')) return std::chrono::minutes(0);
  const bool is_east = take(rest, '+');
  if (!is_east && !take(rest, '-')) return std::nullopt;
  const auto offset = take_hours_and_minutes(rest);
  if (!offset) return std::nullopt;
  return is_east ? -*offset : *offset;
}

}  // namespace

std::string to_timestamp(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<WallTime> parse_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, 't')) return std::nullopt;
  const auto time = take_hours_and_minutes(text);
  if (!time || !take(text, ':')) return std::nullopt;
  const auto seconds = take_number(text, 2);  // 60 is a leap second, and becomes the next minute
  if (!seconds || *seconds > 60 || !take_fraction(text)) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return *date + *time + std::chrono::seconds(*seconds) + *offset;
}

}  // namespace gate::base
