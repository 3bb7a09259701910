#include "http/multiplex/abuse.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gate::http::multiplex {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Instant kStart{std::chrono::hours(1)};

int poured_until_full(AbuseMeter& meter, Abuse kind, base::Instant now) {
  int count = 0;
  while (meter.tolerates(kind, now)) ++count;
  return count;
}

TEST(AbuseMeter, every_kind_has_a_bound_and_a_name) {
  for (std::size_t i = 0; i < kAbuseKinds; ++i) {
    AbuseMeter meter(kStart);
    const auto kind = static_cast<Abuse>(i);
    EXPECT_GT(poured_until_full(meter, kind, kStart), 10) << to_string(kind);
    EXPECT_FALSE(to_string(kind).empty());
  }
}

TEST(AbuseMeter, kinds_do_not_share_a_bucket) {
  AbuseMeter meter(kStart);
  poured_until_full(meter, Abuse::kPing, kStart);
  EXPECT_TRUE(meter.tolerates(Abuse::kSettings, kStart));
}

TEST(AbuseMeter, time_makes_room_again_at_the_bucket_s_rate) {
  AbuseMeter meter(kStart);
  poured_until_full(meter, Abuse::kSettings, kStart);
  EXPECT_FALSE(meter.tolerates(Abuse::kSettings, kStart + milliseconds(400)));
  EXPECT_TRUE(meter.tolerates(Abuse::kSettings, kStart + milliseconds(500)));
  EXPECT_FALSE(meter.tolerates(Abuse::kSettings, kStart + milliseconds(500)));
}

TEST(AbuseMeter, many_short_looks_drain_as_much_as_one_long) {
  AbuseMeter meter(kStart);
  const int size = poured_until_full(meter, Abuse::kPing, kStart);
  base::Instant now = kStart;
  for (int i = 0; i < 100'000; ++i) {
    now += std::chrono::microseconds(500);
    meter.forgive(Abuse::kReset, meter.tolerates(Abuse::kReset, now) ? 1 : 0);
  }
  EXPECT_EQ(poured_until_full(meter, Abuse::kPing, now), size);
}

TEST(AbuseMeter, a_steady_rate_below_the_drain_is_never_refused) {
  AbuseMeter meter(kStart);
  base::Instant now = kStart;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(meter.tolerates(Abuse::kReset, now));
    now += milliseconds(30);
  }
}

TEST(AbuseMeter, a_year_without_a_look_empties_and_does_not_overflow) {
  AbuseMeter meter(kStart);
  const int size = poured_until_full(meter, Abuse::kWindowUpdate, kStart);
  EXPECT_EQ(poured_until_full(meter, Abuse::kWindowUpdate, kStart + std::chrono::hours(24 * 365)), size);
}

TEST(AbuseMeter, forgiveness_never_goes_below_empty) {
  AbuseMeter meter(kStart);
  const int size = poured_until_full(meter, Abuse::kPing, kStart);
  meter.forgive(Abuse::kPing, 1'000'000);
  EXPECT_EQ(poured_until_full(meter, Abuse::kPing, kStart), size);
}

TEST(AbuseMeter, counts_many_at_once_or_none_of_them) {
  AbuseMeter meter(kStart);
  EXPECT_TRUE(meter.tolerates(Abuse::kReset, kStart, 399));
  EXPECT_FALSE(meter.tolerates(Abuse::kReset, kStart, 2));
  EXPECT_TRUE(meter.tolerates(Abuse::kReset, kStart));
  EXPECT_FALSE(meter.tolerates(Abuse::kReset, kStart));
  EXPECT_FALSE(meter.tolerates(Abuse::kControlBytes, kStart, SIZE_MAX));
}

}  // namespace
}  // namespace gate::http::multiplex
