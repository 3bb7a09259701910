#include "observe/histogram.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gate::observe {
namespace {

using std::chrono::microseconds;

TEST(HistogramBuckets, cover_every_value_once_in_order) {
  std::size_t last = 0;
  for (std::uint64_t value = 0; value < 100'000; ++value) {
    const std::size_t bucket = HistogramBuckets::index(value);
    ASSERT_TRUE(bucket == last || bucket == last + 1) << value;
    ASSERT_LT(value, HistogramBuckets::end(bucket)) << value;
    ASSERT_GE(value, bucket == 0 ? 0 : HistogramBuckets::end(bucket - 1)) << value;
    last = bucket;
  }
}

TEST(HistogramBuckets, put_longer_than_the_longest_into_the_last) {
  EXPECT_EQ(HistogramBuckets::index((std::uint64_t{1} << 32) - 1), HistogramBuckets::kCount - 1);
  EXPECT_EQ(HistogramBuckets::index(std::uint64_t{1} << 60), HistogramBuckets::kCount - 1);
}

TEST(Histogram, counts_exactly_below_powers_of_two) {
  Histogram histogram;
  for (const int value : {0, 1, 127, 128, 129, 1023, 1024}) histogram.record(microseconds(value));
  HistogramSnapshot snapshot;
  histogram.add_to(snapshot);
  EXPECT_EQ(snapshot.count, 7U);
  EXPECT_EQ(snapshot.sum_microseconds, 2432U);
  EXPECT_EQ(snapshot.below(1), 1U);
  EXPECT_EQ(snapshot.below(128), 3U);
  EXPECT_EQ(snapshot.below(1024), 6U);
  EXPECT_EQ(snapshot.below(2048), 7U);
}

TEST(Histogram, yields_quantiles_within_an_eighth) {
  Histogram histogram;
  for (int value = 1; value <= 10'000; ++value) histogram.record(microseconds(value));
  HistogramSnapshot snapshot;
  histogram.add_to(snapshot);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 10'000;
    EXPECT_GE(static_cast<double>(snapshot.quantile(share)), exact) << share;
    EXPECT_LE(static_cast<double>(snapshot.quantile(share)), exact * 1.13 + 1) << share;
  }
}

TEST(Histogram, of_nothing_has_quantile_zero) { EXPECT_EQ(HistogramSnapshot{}.quantile(0.99), 0U); }

TEST(Histogram, counts_a_negative_duration_as_zero) {
  Histogram histogram;
  histogram.record(microseconds(-5));
  HistogramSnapshot snapshot;
  histogram.add_to(snapshot);
  EXPECT_EQ(snapshot.below(1), 1U);
  EXPECT_EQ(snapshot.sum_microseconds, 0U);
}

TEST(Histogram, adds_several_workers_up) {
  Histogram first;
  Histogram second;
  first.record(microseconds(10));
  second.record(microseconds(1000));
  HistogramSnapshot sum;
  first.add_to(sum);
  second.add_to(sum);
  EXPECT_EQ(sum.count, 2U);
  EXPECT_EQ(sum.below(16), 1U);
}

}  // namespace
}  // namespace gate::observe
