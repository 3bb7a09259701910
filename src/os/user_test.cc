#include "os/user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/codes.h"

namespace gate::os {
namespace {

TEST(FindUser, knows_root_by_name_and_by_number) {
  const auto by_name = find_user("root");
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->id, 0U);
  EXPECT_THAT(by_name->groups, testing::Contains(by_name->group));
  EXPECT_EQ(find_user("0")->name, "root");
}

TEST(FindUser, fails_for_an_unknown_one_and_says_how_to_create_it) {
  const auto missing = find_user("no-such-user");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, kUnknownUser);
  EXPECT_THAT(missing.error().fix, testing::HasSubstr("useradd"));
  EXPECT_FALSE(find_user("4000000001"));
  EXPECT_FALSE(find_user(""));
}

TEST(FindGroup, knows_names_and_numbers) {
  EXPECT_EQ(find_group("root"), 0U);
  EXPECT_EQ(find_group("4242"), 4242U);
  EXPECT_FALSE(find_group("no-such-group"));
}

TEST(UserName, falls_back_to_the_number) {
  EXPECT_EQ(user_name(0), "root");
  EXPECT_EQ(user_name(4'000'000'001U), "4000000001");
}

TEST(CurrentUser, is_the_effective_one) { EXPECT_EQ(current_user()->id, ::geteuid()); }

}  // namespace
}  // namespace gate::os
