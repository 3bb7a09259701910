#include "http/cache_budget.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

class Item final : public CacheItem {
 public:
  Item(CacheBudget& budget, CacheCost cost) : budget_(budget), cost_(cost) {
    kept = budget_.reserve(cost_);
    if (kept) budget_.touch(*this);
  }
  void evict() override {
    kept = false;
    budget_.release(cost_);
  }
  bool kept = false;

 private:
  CacheBudget& budget_;
  CacheCost cost_;
};

TEST(CacheBudget, evicts_what_was_used_longest_ago) {
  CacheBudget budget({.bytes = 100, .descriptors = 10});
  Item a(budget, {.bytes = 40});
  Item b(budget, {.bytes = 40});
  budget.touch(a);
  Item c(budget, {.bytes = 40});
  EXPECT_TRUE(a.kept);
  EXPECT_FALSE(b.kept);
  EXPECT_TRUE(c.kept);
  EXPECT_EQ(budget.used().bytes, 80u);
}

TEST(CacheBudget, bounds_descriptors_as_well) {
  CacheBudget budget({.bytes = 100, .descriptors = 1});
  Item a(budget, {.bytes = 1, .descriptors = 1});
  Item b(budget, {.bytes = 1, .descriptors = 1});
  EXPECT_FALSE(a.kept);
  EXPECT_TRUE(b.kept);
}

TEST(CacheBudget, refuses_what_can_never_fit_without_evicting_anything) {
  CacheBudget budget({.bytes = 100, .descriptors = 1});
  Item a(budget, {.bytes = 100});
  EXPECT_FALSE(budget.reserve({.bytes = 101}));
  EXPECT_FALSE(budget.reserve({.descriptors = 2}));
  EXPECT_TRUE(a.kept);
}

TEST(CacheBudget, refuses_while_what_is_used_cannot_be_evicted) {
  CacheBudget budget({.bytes = 100, .descriptors = 1});
  Item a(budget, {.bytes = 60});
  a.unlink();
  EXPECT_FALSE(budget.reserve({.bytes = 60}));
  EXPECT_TRUE(a.kept);
  budget.touch(a);
  EXPECT_TRUE(budget.reserve({.bytes = 60}));
  EXPECT_FALSE(a.kept);
}

}  // namespace
}  // namespace gate::http
