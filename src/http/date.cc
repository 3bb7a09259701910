#include "http/date.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace gate::http {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr sys_seconds kEarliest = sys_days(std::chrono::year{0} / 1 / 1);
constexpr sys_seconds kLatest = sys_days(std::chrono::year{9999} / 12 / 31) + days{1} - std::chrono::seconds{1};

void put_digits(std::span<char> into, unsigned value) {
  for (std::size_t i = into.size(); i-- > 0; value /= 10) into[i] = static_cast<char>('0' + value % 10);
}

// Reads a date from front to back; the first thing that is not as expected makes all of it invalid.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_ && rest_.empty(); }

  void literal(std::string_view expected) {
    ok_ = ok_ && rest_.starts_with(expected);
    if (ok_) rest_.remove_prefix(expected.size());
  }

  unsigned digits(std::size_t count) {
    ok_ = ok_ && rest_.size() >= count && std::all_of(rest_.begin(), rest_.begin() + count, base::is_digit);
    if (!ok_) return 0;
    const auto value = base::parse_number<unsigned>(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return value.value_or(0);
  }

  // The place of the name that stands next.
  unsigned name(std::span<const std::string_view> names) {
    const auto found = std::ranges::find_if(names, [&](std::string_view name) { return rest_.starts_with(name); });
    ok_ = ok_ && found != names.end();
    if (!ok_) return 0;
    rest_.remove_prefix(found->size());
    return static_cast<unsigned>(found - names.begin());
  }

  bool skip_if(char c) {
    const bool there = ok_ && rest_.starts_with(c);
    if (there) rest_.remove_prefix(1);
    return there;
  }

  void time_of_day() {
    hour_ = digits(2);
    literal(":");
    minute_ = digits(2);
    literal(":");
    second_ = digits(2);
    // RFC 9110 5.6.7: second = 2DIGIT, and its 60 is a leap second.
    ok_ = ok_ && hour_ < 24 && minute_ < 60 && second_ <= 60;
  }

  std::optional<sys_seconds> date(unsigned year, unsigned month, unsigned day) const {
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month + 1},
                                           std::chrono::day{day}};
    if (!ok() || !date.ok()) return std::nullopt;
    return sys_days(date) + std::chrono::hours{hour_} + std::chrono::minutes{minute_} + std::chrono::seconds{second_};
  }

 private:
  std::string_view rest_;
  unsigned hour_ = 0;
  unsigned minute_ = 0;
  unsigned second_ = 0;
  bool ok_ = true;
};

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<sys_seconds> parse_fixdate(std::string_view text) {
  DateReader reader(text);
  reader.name(kDays);
  reader.literal(", ");
  const unsigned day = reader.digits(2);
  reader.literal(" ");
  const unsigned month = reader.name(kMonths);
  reader.literal(" ");
  const unsigned year = reader.digits(4);
  reader.literal(" ");
  reader.time_of_day();
  reader.literal(" GMT");
  return reader.date(year, month, day);
}

// RFC 9110 5.6.7: "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a
// timestamp that appears to be more than 50 years in the future as representing the most recent year in the past that
// had the same last two digits."
unsigned full_year(unsigned two_digits, sys_seconds now) {
  const std::chrono::year_month_day today(std::chrono::floor<days>(now));
  const auto this_year = static_cast<unsigned>(std::clamp(static_cast<int>(today.year()), 100, 9949));
  const unsigned same_century = this_year - this_year % 100 + two_digits;
  if (same_century > this_year + 50) return same_century - 100;
  if (same_century + 50 <= this_year) return same_century + 100;
  return same_century;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<sys_seconds> parse_rfc850(std::string_view text, sys_seconds now) {
  DateReader reader(text);
  reader.name(kLongDays);
  reader.literal(", ");
  const unsigned day = reader.digits(2);
  reader.literal("-");
  const unsigned month = reader.name(kMonths);
  reader.literal("-");
  const unsigned year = reader.digits(2);
  reader.literal(" ");
  reader.time_of_day();
  reader.literal(" GMT");
  return reader.date(full_year(year, now), month, day);
}

// "Sun Nov  6 08:49:37 1994"
std::optional<sys_seconds> parse_asctime(std::string_view text) {
  DateReader reader(text);
  reader.name(kDays);
  reader.literal(" ");
  const unsigned month = reader.name(kMonths);
  reader.literal(" ");
  const unsigned day = reader.skip_if(' ') ? reader.digits(1) : reader.digits(2);
  reader.literal(" ");
  reader.time_of_day();
  reader.literal(" ");
  const unsigned year = reader.digits(4);
  return reader.date(year, month, day);
}

}  // namespace

void format_http_date(sys_seconds time, std::span<char, kHttpDateBytes> into) {
  const sys_seconds shown = std::clamp(time, kEarliest, kLatest);
  const sys_days midnight = std::chrono::floor<days>(shown);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(shown - midnight);
  std::ranges::copy(std::string_view("---, -- --- ---- --:--:-- GMT"), into.begin());
  std::ranges::copy(kDays[std::chrono::weekday(midnight).c_encoding()], into.begin());
  put_digits(into.subspan(5, 2), static_cast<unsigned>(date.day()));
  std::ranges::copy(kMonths[static_cast<unsigned>(date.month()) - 1], into.begin() + 8);
  put_digits(into.subspan(12, 4), static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(into.subspan(17, 2), static_cast<unsigned>(clock.hours().count()));
  put_digits(into.subspan(20, 2), static_cast<unsigned>(clock.minutes().count()));
  put_digits(into.subspan(23, 2), static_cast<unsigned>(clock.seconds().count()));
}

std::array<char, kHttpDateBytes> format_http_date(sys_seconds time) {
  std::array<char, kHttpDateBytes> text;
  format_http_date(time, text);
  return text;
}

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now) {
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return parse_fixdate(text);
  if (text[3] == ' ') return parse_asctime(text);
  return parse_rfc850(text, now);
}

}  // namespace gate::http
