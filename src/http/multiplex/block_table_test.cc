#include "http/multiplex/block_table.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace gate::http::multiplex {
namespace {

struct Items;

struct Item : base::ListNode<Items> {
  Item(int given, int& alive) : number(given), alive_(alive) { ++alive_; }
  ~Item() { --alive_; }
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;

  std::unique_ptr<base::BlockPool::Block> home;
  int number;

 private:
  int& alive_;
};

TEST(BlockTable, holds_what_is_open) {
  base::BlockPool blocks;
  BlockTable<Item, Items> table(blocks);
  int alive = 0;
  Item& first = table.open(1, alive);
  table.open(2, alive);
  EXPECT_EQ(table.size(), 2U);
  table.close(first);
  EXPECT_EQ(alive, 1);
  std::vector<int> numbers;
  table.for_each([&](Item& item) {
    numbers.push_back(item.number);
    table.close(item);
  });
  EXPECT_EQ(numbers, std::vector<int>{2});
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(alive, 0);
}

TEST(BlockTable, an_object_may_use_the_rest_of_its_block) {
  base::BlockPool blocks;
  BlockTable<Item, Items> table(blocks);
  int alive = 0;
  Item& item = table.open(7, alive);
  const auto rest = table.rest_of(item);
  EXPECT_GE(rest.size(), 3500U);
  std::ranges::fill(rest, std::byte{0xff});
  EXPECT_EQ(item.number, 7);
  table.close(item);
}

}  // namespace
}  // namespace gate::http::multiplex
