#include "app/trust_memory.h"

#include <gtest/gtest.h>

namespace gate::app {
namespace {

using std::chrono::hours;

constexpr base::WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr TrustMemory::Fingerprint kOne{std::byte{1}};

TEST(TrustMemory, keeps_verdicts_for_a_day_whatever_they_are) {
  TrustMemory memory;
  EXPECT_EQ(memory.find(kOne, kNow), nullptr);
  memory.keep(kOne, cert::Finding{cert::Concern::kUntrusted, "nobody vouches for it"}, kNow);
  ASSERT_NE(memory.find(kOne, kNow + hours(23)), nullptr);
  EXPECT_EQ((*memory.find(kOne, kNow))->concern, cert::Concern::kUntrusted);
  EXPECT_EQ(memory.find(kOne, kNow + hours(24)), nullptr);
  EXPECT_EQ(memory.find(kOne, kNow - hours(1)), nullptr) << "the clock was ahead";
  memory.keep(kOne, std::nullopt, kNow);
  EXPECT_FALSE(memory.find(kOne, kNow)->has_value());
}

TEST(TrustMemory, bounds_what_is_judged_in_one_look) {
  TrustMemory memory;
  memory.begin_look();
  for (std::size_t i = 0; i < TrustMemory::kJudgedMax; ++i) ASSERT_TRUE(memory.may_judge());
  EXPECT_TRUE(memory.complete());
  EXPECT_FALSE(memory.may_judge());
  EXPECT_FALSE(memory.complete());
  memory.begin_look();
  EXPECT_TRUE(memory.may_judge());
  EXPECT_TRUE(memory.complete());
}

}  // namespace
}  // namespace gate::app
