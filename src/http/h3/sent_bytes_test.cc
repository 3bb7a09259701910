#include "http/h3/sent_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace gate::http::h3 {
namespace {

class SentBytesTest : public testing::Test {
 protected:
  SentBytesTest() { bytes_.use(first_); }

  // Puts in so many bytes.
  void put(std::size_t count) {
    while (count > 0) {
      const auto room = bytes_.room(1);
      ASSERT_FALSE(room.empty());
      const std::size_t part = std::min(room.size(), count);
      for (std::size_t i = 0; i < part; ++i) room[i] = std::byte(next_++ % 251);
      bytes_.commit(part);
      count -= part;
    }
  }

  // Takes so many bytes, as a transport does, and remembers where they stand.
  void take(std::size_t count) {
    while (count > 0) {
      std::array<base::ByteView, 3> pieces;
      ASSERT_GT(bytes_.unsent(pieces), 0U);
      const auto part = pieces[0].first(std::min(count, pieces[0].size()));
      sent_.push_back(part);
      bytes_.take(part.size());
      count -= part.size();
    }
  }

  // Whether all that was sent from there on still holds what was put.
  bool intact(std::size_t released) const {
    std::size_t at = 0;
    for (const auto piece : sent_) {
      for (const std::byte byte : piece) {
        if (at >= released && byte != std::byte(at % 251)) return false;
        ++at;
      }
    }
    return true;
  }

  std::array<std::byte, 100> first_{};
  SentBytes bytes_;
  std::vector<base::ByteView> sent_;
  std::size_t next_ = 0;
};

TEST_F(SentBytesTest, a_few_stay_in_the_memory_they_were_given) {
  put(100);
  std::array<base::ByteView, 3> pieces;
  ASSERT_EQ(bytes_.unsent(pieces), 1U);
  EXPECT_EQ(pieces[0].data(), first_.data());
  EXPECT_EQ(bytes_.held(), 100U);
  EXPECT_EQ(bytes_.unsent(), 100U);
}

TEST_F(SentBytesTest, what_is_held_stays_where_it_is) {
  put(100'000);
  take(80'000);
  EXPECT_TRUE(intact(0));
  bytes_.release(50'000);
  put(100'000);
  take(120'000);
  EXPECT_TRUE(intact(50'000));
  EXPECT_EQ(bytes_.held(), 150'000U);
  EXPECT_EQ(bytes_.unsent(), 0U);
}

TEST_F(SentBytesTest, gives_room_in_one_piece) {
  put(60);
  EXPECT_EQ(bytes_.room(40).data(), first_.data() + 60);
  const auto room = bytes_.room(50'000);
  ASSERT_GE(room.size(), 50'000U);
  std::ranges::fill(room, std::byte{7});
  bytes_.commit(50'000);
  std::array<base::ByteView, 3> pieces;
  ASSERT_EQ(bytes_.unsent(pieces), 2U) << "what was left of the first memory is skipped";
  EXPECT_EQ(pieces[0].size(), 60U);
  EXPECT_EQ(pieces[1].size(), 50'000U);
}

TEST_F(SentBytesTest, begins_anew_when_all_has_arrived) {
  put(20'000);
  take(20'000);
  bytes_.release(20'000);
  EXPECT_EQ(bytes_.held(), 0U);
  EXPECT_EQ(bytes_.room(1).data(), first_.data());
}

TEST_F(SentBytesTest, works_without_memory_of_its_own) {
  SentBytes bytes;
  EXPECT_EQ(bytes.room(1).size(), SentBytes::kChunkBytes);
  bytes.commit(SentBytes::kChunkBytes);
  EXPECT_EQ(bytes.room(1).size(), SentBytes::kChunkBytes);
  bytes.commit(1);
  bytes.take(SentBytes::kChunkBytes);
  bytes.release(SentBytes::kChunkBytes);
  EXPECT_EQ(bytes.held(), 1U);
  EXPECT_EQ(bytes.unsent(), 1U);
}

TEST_F(SentBytesTest, taken_and_acknowledged_in_any_steps_they_end_empty) {
  for (std::size_t step = 1; step < 40'000; step = step * 3 + 1) {
    put(70'000);
    while (bytes_.held() > 0) {
      if (bytes_.unsent() > 0) bytes_.take(std::min(step, bytes_.unsent()));
      bytes_.release(std::min(step, bytes_.held() - bytes_.unsent()));
    }
    EXPECT_EQ(bytes_.room(1).data(), first_.data());
  }
}

}  // namespace
}  // namespace gate::http::h3
