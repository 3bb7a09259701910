#include "os/limits.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "os/fd.h"

namespace gate::os {
namespace {

TEST(DescriptorLimit, is_never_lowered) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto limit = raise_descriptor_limit(16);
  ASSERT_TRUE(limit);
  EXPECT_EQ(*limit, before.rlim_cur);
}

TEST(DescriptorLimit, is_raised_as_far_as_allowed) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lowered{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  const auto limit = raise_descriptor_limit(200);
  ASSERT_TRUE(limit);
  EXPECT_EQ(*limit, 200U);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(OpenDescriptors, counts_one_more_after_an_open) {
  const auto before = open_descriptors();
  const Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(open_descriptors(), before + 1);
}

TEST(ResidentBytes, is_between_a_megabyte_and_what_a_test_could_ever_need) {
  EXPECT_GT(resident_bytes(), std::uint64_t{1} << 20);
  EXPECT_LT(resident_bytes(), std::uint64_t{64} << 30);
}

}  // namespace
}  // namespace gate::os
