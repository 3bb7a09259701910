#include "observe/ring.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/text.h"

namespace gate::observe {
namespace {

using base::as_bytes;
using base::as_text;

std::string next_text(RecordRing& ring) {
  const auto record = ring.next();
  return record ? std::string(as_text(*record)) : "(none)";
}

// Content and length both follow from the number, so that a torn or repeated record shows.
std::string record_text(std::uint64_t number) {
  return std::to_string(number) + std::string(number % 37, static_cast<char>('a' + number % 26));
}

class CountingWaker final : public RingReaderWaker {
 public:
  void wake_reader() override { ++calls; }
  int calls = 0;
};

TEST(RecordRing, yields_records_in_order_and_whole) {
  RecordRing ring(1024);
  EXPECT_TRUE(ring.push(as_bytes("first")));
  EXPECT_TRUE(ring.push(as_bytes("second, longer")));
  EXPECT_EQ(next_text(ring), "first");
  EXPECT_EQ(next_text(ring), "second, longer");
  EXPECT_EQ(next_text(ring), "(none)");
}

TEST(RecordRing, keeps_records_contiguous_across_the_wrap) {
  RecordRing ring(256);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(ring.push(as_bytes(record_text(i))));
    ASSERT_EQ(next_text(ring), record_text(i));
    ring.release();
  }
  EXPECT_EQ(ring.dropped(), 0U);
}

TEST(RecordRing, drops_and_counts_what_finds_no_room_and_goes_on_when_there_is_some) {
  RecordRing ring(256);
  std::uint64_t kept = 0;
  while (ring.push(as_bytes("0123456789"))) ++kept;
  EXPECT_GT(kept, 5U);
  EXPECT_FALSE(ring.push(as_bytes("0123456789")));
  EXPECT_EQ(ring.dropped(), 2U);
  for (std::uint64_t i = 0; i < kept; ++i) EXPECT_EQ(next_text(ring), "0123456789");
  EXPECT_FALSE(ring.push(as_bytes("0123456789"))) << "read but not released is not free";
  ring.release();
  EXPECT_TRUE(ring.push(as_bytes("x")));
  EXPECT_EQ(next_text(ring), "x");
}

TEST(RecordRing, forgets_a_reservation_that_was_not_committed) {
  RecordRing ring(256);
  ASSERT_FALSE(ring.reserve(32).empty());
  EXPECT_EQ(next_text(ring), "(none)");
  ASSERT_TRUE(ring.push(as_bytes("real")));
  EXPECT_EQ(next_text(ring), "real");
  EXPECT_EQ(next_text(ring), "(none)");
}

TEST(RecordRing, takes_only_what_was_committed_of_a_larger_reservation) {
  RecordRing ring(1024);
  for (int i = 0; i < 20; ++i) {  // 20 reservations of 200 would not fit
    const auto room = ring.reserve(200);
    ASSERT_FALSE(room.empty());
    base::copy_bytes(room, as_bytes("abc"));
    ring.commit(3);
  }
  EXPECT_EQ(next_text(ring), "abc");
}

TEST(RecordRing, wakes_its_reader_once_when_half_full) {
  CountingWaker waker;
  RecordRing ring(256, &waker);
  while (ring.push(as_bytes("0123456789"))) {
  }
  EXPECT_EQ(waker.calls, 1);
  while (ring.next()) {
  }
  ring.release();
  EXPECT_TRUE(ring.push(as_bytes("x")));
  EXPECT_EQ(waker.calls, 1);
  while (ring.push(as_bytes("0123456789"))) {
  }
  EXPECT_EQ(waker.calls, 2);
}

TEST(RecordRing, loses_tears_and_repeats_nothing_between_two_threads) {
  constexpr std::uint64_t kRecords = 50'000;
  RecordRing ring(4096);
  std::thread writer([&ring] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      while (!ring.push(as_bytes(record_text(i)))) std::this_thread::yield();
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 0; expected < kRecords;) {
    while (const auto record = ring.next()) {
      if (as_text(*record) != record_text(expected)) ++wrong;
      ++expected;
    }
    ring.release();
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace gate::observe
