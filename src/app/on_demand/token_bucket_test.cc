#include "app/on_demand/token_bucket.h"

#include <gtest/gtest.h>

namespace gate::app {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, lets_as_many_pass_at_once_as_it_holds) {
  TokenBucket bucket(3, 1min);
  const base::Instant start{1h};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(start)) << i;
  EXPECT_FALSE(bucket.take(start));
  EXPECT_EQ(bucket.next(start), start + 20s);
}

TEST(TokenBucket, refills_evenly_and_no_further_than_it_holds) {
  TokenBucket bucket(3, 1min);
  const base::Instant start{1h};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start + 19s));
  EXPECT_TRUE(bucket.take(start + 20s));
  EXPECT_FALSE(bucket.take(start + 20s));
  const base::Instant later = start + 24h;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(later)) << i;
  EXPECT_FALSE(bucket.take(later));
}

TEST(TokenBucket, one_a_period_is_one_a_period) {
  TokenBucket bucket(1, 1h);
  const base::Instant start{1h};
  EXPECT_TRUE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start + 59min));
  EXPECT_TRUE(bucket.take(start + 1h));
}

}  // namespace
}  // namespace gate::app
