#include "base/generations.h"

#include <gtest/gtest.h>

namespace gate::base {
namespace {

TEST(Generations, remembers_the_newest_value) {
  Generations<int> memory(8);
  EXPECT_EQ(memory.find("a"), nullptr);
  memory.put("a", 1);
  memory.put("a", 2);
  ASSERT_NE(memory.find("a"), nullptr);
  EXPECT_EQ(*memory.find("a"), 2);
  memory.erase("a");
  EXPECT_EQ(memory.find("a"), nullptr);
}

TEST(Generations, forgets_the_oldest_and_keeps_at_least_half) {
  Generations<int> memory(8);
  for (int i = 0; i < 100; ++i) memory.put(std::to_string(i), i);
  int known = 0;
  for (int i = 0; i < 100; ++i) known += memory.find(std::to_string(i)) != nullptr ? 1 : 0;
  EXPECT_LE(known, 8);
  for (int i = 96; i < 100; ++i) EXPECT_NE(memory.find(std::to_string(i)), nullptr) << i;
}

TEST(Generations, a_value_that_moves_to_the_younger_half_is_there_once) {
  Generations<int> memory(4);
  memory.put("a", 1);
  memory.put("b", 1);
  memory.put("c", 1);
  memory.put("a", 2);
  memory.erase("a");
  EXPECT_EQ(memory.find("a"), nullptr);
}

}  // namespace
}  // namespace gate::base
