#include "http/date.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds kExample = sys_days(std::chrono::year{1994} / 11 / 6) + 8h + 49min + 37s;
constexpr sys_seconds kNow = sys_days(std::chrono::year{2026} / 7 / 1);

std::string formatted(sys_seconds time) {
  const auto text = format_http_date(time);
  return {text.data(), text.size()};
}

TEST(HttpDate, formats_the_example_of_the_rfc) { EXPECT_EQ(formatted(kExample), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(HttpDate, formats_leap_days_and_times_before_1970) {
  EXPECT_EQ(formatted(sys_days(std::chrono::year{2000} / 2 / 29) + 23h + 59min + 59s), "Tue, 29 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(formatted(sys_seconds(-1s)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(HttpDate, draws_times_outside_four_digit_years_to_the_nearest) {
  EXPECT_EQ(formatted(sys_seconds::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(formatted(sys_seconds::min()), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(HttpDate, reads_all_three_forms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994", kNow), kExample + std::chrono::days{10});
}

TEST(HttpDate, reads_what_it_formats) {
  for (sys_seconds time = kExample; time < kExample + std::chrono::days{1500}; time += 26h + 61s) {
    EXPECT_EQ(parse_http_date(formatted(time), kNow), time);
  }
}

TEST(HttpDate, takes_a_two_digit_year_at_most_fifty_years_ahead) {
  const auto year_of = [](std::string_view text, sys_seconds now) {
    const auto time = parse_http_date(text, now);
    return time ? static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year())
                : -1;
  };
  EXPECT_EQ(year_of("Sunday, 06-Nov-76 08:49:37 GMT", kNow), 2076);
  EXPECT_EQ(year_of("Sunday, 06-Nov-77 08:49:37 GMT", kNow), 1977);
  EXPECT_EQ(year_of("Sunday, 06-Nov-10 08:49:37 GMT", sys_days(std::chrono::year{2095} / 1 / 1)), 2110);
}

TEST(HttpDate, accepts_a_leap_second) {
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow), sys_days(std::chrono::year{2017} / 1 / 1));
}

TEST(HttpDate, refuses_everything_else) {
  for (const std::string_view text : {"",
                                      "Sun",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      "sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 31 Feb 1994 08:49:37 GMT",
                                      "Sun, 00 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Sun, 06 Nov 1994 08:60:00 GMT",
                                      "Sun, 06 Nov 1994 08:49:61 GMT",
                                      "Sun, 06 Nov 1994 08:49:-1 GMT",
                                      "Sun, +6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 94 08:49:37 GMT",
                                      "Xxx, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Xxx 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-1994 08:49:37 GMT",
                                      "Sun Nov 6 08:49:37 1994",
                                      "Sun Nov  6 08:49:37 1994 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
                                      "784111777"}) {
    EXPECT_FALSE(parse_http_date(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace gate::http
