#include "observe/worker_metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace gate::observe {
namespace {

using namespace std::chrono_literals;

std::map<int, std::uint64_t> all(const CodeCounters& counters) {
  std::map<int, std::uint64_t> result;
  counters.for_each([&](base::ErrorCode code, std::uint64_t count) { result[code.number] = count; });
  return result;
}

TEST(CodeCounters, count_codes_that_fall_on_one_place_apart) {
  CodeCounters counters;
  counters.add(base::ErrorCode{4000});
  counters.add(base::ErrorCode{4000});
  counters.add(base::ErrorCode{4000 + CodeCounters::kCodesMax});
  EXPECT_EQ(all(counters), (std::map<int, std::uint64_t>{{4000, 2}, {4064, 1}}));
}

TEST(CodeCounters, count_what_exceeds_the_table_together) {
  CodeCounters counters;
  for (std::uint16_t i = 1; i <= CodeCounters::kCodesMax + 3; ++i) counters.add(base::ErrorCode{i});
  const auto counts = all(counters);
  EXPECT_EQ(counts.size(), CodeCounters::kCodesMax + 1);
  EXPECT_EQ(counts.at(0), 3U);
}

TEST(WorkerMetrics, shares_the_last_slot_among_sites_above_the_bound) {
  WorkerMetrics metrics(2);
  EXPECT_NE(&metrics.site(0), &metrics.site(1));
  EXPECT_EQ(&metrics.site(1), &metrics.site(77));
}

TEST(WorkerMetrics, knows_how_many_connections_are_open) {
  WorkerMetrics metrics(1);
  metrics.connections_accepted.add(5);
  metrics.connections_closed[ConnectionEnd::kClient].add(2);
  metrics.connections_closed[ConnectionEnd::kError].add(1);
  EXPECT_EQ(metrics.connections_open(), 2U);
}

TEST(WorkerMetrics, keeps_the_longest_stall) {
  WorkerMetrics metrics(1);
  for (const auto duration : {20ms, 90ms, 30ms}) metrics.note_stall(duration);
  EXPECT_EQ(metrics.stalls.value(), 3U);
  EXPECT_EQ(metrics.longest_stall_microseconds.value(), 90'000U);
}

TEST(StatusClass, puts_a_status_outside_the_classes_under_none) {
  EXPECT_EQ(to_status_class(0), StatusClass::kNone);
  EXPECT_EQ(to_status_class(99), StatusClass::kNone);
  EXPECT_EQ(to_status_class(103), StatusClass::k1xx);
  EXPECT_EQ(to_status_class(599), StatusClass::k5xx);
  EXPECT_EQ(to_status_class(600), StatusClass::kNone);
}

}  // namespace
}  // namespace gate::observe
