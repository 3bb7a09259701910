#include "base/timestamp.h"

#include <gtest/gtest.h>

namespace gate::base {
namespace {

constexpr WallTime kMoment{std::chrono::seconds(1'795'339'800)};  // 2026-11-22T09:30:00Z

TEST(Timestamp, is_written_in_utc_and_read_again) {
  EXPECT_EQ(to_timestamp(kMoment), "2026-11-22T09:30:00Z");
  EXPECT_EQ(to_timestamp(kMoment + std::chrono::milliseconds(999)), "2026-11-22T09:30:00Z");
  EXPECT_EQ(parse_timestamp(to_timestamp(kMoment)), kMoment);
}

TEST(Timestamp, is_read_with_offsets_and_fractions) {
  for (const char* text : {"2026-11-22T11:30:00+02:00", "2026-11-22T04:00:00-05:30", "2026-11-22T09:30:00.123456789Z",
                           "2026-11-22t09:30:00z"})
    EXPECT_EQ(parse_timestamp(text), kMoment) << text;
}

TEST(Timestamp, is_refused_when_it_is_none) {
  for (const char* text :
       {"", "2026", "2026-11-22", "2026-11-22T09:30:00", "2026-11-22 09:30:00Z", "2026-13-22T09:30:00Z",
        "2026-02-30T09:30:00Z", "2026-11-22T24:00:00Z", "2026-11-22T09:60:00Z", "2026-11-22T09:30:61Z",
        "2026-11-22T09:30:00.Z", "2026-11-22T09:30:00Zx", "2026-11-22T09:30:00+2:00", "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z", "+026-11-22T09:30:00Z", "2026-11-22T09:30:00+02:00Z"})
    EXPECT_FALSE(parse_timestamp(text).has_value()) << text;
}

}  // namespace
}  // namespace gate::base
