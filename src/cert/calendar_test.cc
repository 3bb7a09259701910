#include "cert/calendar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>

namespace gate::cert {
namespace {

using std::chrono::days;
using Renewer = CalendarItem::Renewer;

constexpr base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

std::vector<CalendarEvent> of_one(const CalendarItem& item, days horizon) {
  return calendar(std::span(&item, 1), kNow, kNow + horizon);
}

TEST(Calendar, has_renewals_that_follow_from_one_another) {
  const auto events = of_one({"localhost", {kNow, kNow + days(30)}, Renewer::kLocalCa}, days(60));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].when, kNow + days(20));
  EXPECT_FALSE(events[0].is_expected);
  EXPECT_EQ(events[2].when, kNow + days(60));
  EXPECT_TRUE(events[2].is_expected);
}

TEST(Calendar, has_what_the_authority_wants_and_why) {
  CalendarItem item{"a.test", {kNow, kNow + days(90)}, Renewer::kAuthority};
  item.facts.window = RenewalWindow{kNow + days(50), kNow + days(52)};
  item.facts.moment = kNow + days(51);
  const auto events = of_one(item, days(60));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].when, kNow + days(51));
  EXPECT_EQ(events[0].why, to_string(RenewalReason::kWindow));
}

TEST(Calendar, has_what_is_overdue_now) {
  const auto events = of_one({"a.test", {kNow - days(80), kNow + days(10)}, Renewer::kAuthority}, days(7));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].when, kNow);
}

TEST(Calendar, has_the_end_of_certificates_that_others_renew) {
  const auto events = of_one({"a.test", {kNow - days(60), kNow + days(30)}, Renewer::kUser}, days(60));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].what, "alarm");
  EXPECT_EQ(events[1].what, "ends");
  EXPECT_EQ(events[1].when, kNow + days(30));
}

TEST(Calendar, is_in_order_and_bounded) {
  const std::array items{CalendarItem{"b.test", {kNow, kNow + days(6)}, Renewer::kAuthority},
                         CalendarItem{"a.test", {kNow, kNow + days(6)}, Renewer::kLocalCa}};
  const auto events = calendar(items, kNow, kNow + days(20'000));
  EXPECT_EQ(events.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(events, {}, [](const auto& each) { return each.when; }));
}

}  // namespace
}  // namespace gate::cert
