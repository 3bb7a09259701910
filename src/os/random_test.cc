#include "os/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace gate::os {
namespace {

TEST(SystemRandom, fills_all_bytes_and_differently_each_time) {
  SystemRandom random;
  std::array<std::byte, 4096> first{};
  std::array<std::byte, 4096> second{};
  random.fill(first);
  random.fill(second);
  EXPECT_NE(first, second);
  EXPECT_LT(std::ranges::count(first, std::byte{0}), 100);
}

TEST(SystemRandom, is_content_with_nothing_to_fill) { SystemRandom().fill({}); }

}  // namespace
}  // namespace gate::os
