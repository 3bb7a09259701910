#include "http/h3/sent_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace gate::http::h3 {
namespace {

class SentBodyTest : public testing::Test {
 protected:
  SentBodyTest() { body_.use(first_); }

  // Puts in so many bytes, and remembers where they stand.
  void put(std::size_t count) {
    while (count > 0) {
      const auto room = body_.room();
      ASSERT_FALSE(room.empty());
      const std::size_t part = std::min(room.size(), count);
      for (std::size_t i = 0; i < part; ++i) room[i] = std::byte(next_++ % 251);
      pieces_.push_back(body_.commit(part));
      count -= part;
    }
  }

  // Whether all pieces from there on still hold what was put.
  bool intact(std::size_t released) const {
    std::size_t at = 0;
    for (const auto piece : pieces_) {
      for (const std::byte byte : piece) {
        if (at >= released && byte != std::byte(at % 251)) return false;
        ++at;
      }
    }
    return true;
  }

  std::array<std::byte, 100> first_{};
  SentBody body_;
  std::vector<base::ByteView> pieces_;
  std::size_t next_ = 0;
};

TEST_F(SentBodyTest, a_short_body_stays_in_the_memory_it_was_given) {
  put(100);
  EXPECT_EQ(pieces_.size(), 1U);
  EXPECT_EQ(pieces_[0].data(), first_.data());
  EXPECT_EQ(body_.held(), 100U);
}

TEST_F(SentBodyTest, what_is_held_stays_where_it_is) {
  put(100'000);
  EXPECT_EQ(body_.held(), 100'000U);
  EXPECT_TRUE(intact(0));
  body_.release(50'000);
  put(100'000);
  EXPECT_TRUE(intact(50'000));
  EXPECT_EQ(body_.held(), 150'000U);
}

TEST_F(SentBodyTest, no_piece_crosses_a_chunk) {
  put(100'000);
  for (const auto piece : pieces_) EXPECT_LE(piece.size(), SentBody::kChunkBytes);
}

TEST_F(SentBodyTest, begins_anew_when_all_has_arrived) {
  put(20'000);
  body_.release(20'000);
  EXPECT_EQ(body_.held(), 0U);
  EXPECT_EQ(body_.room().data(), first_.data());
}

TEST_F(SentBodyTest, works_without_memory_of_its_own) {
  SentBody body;
  EXPECT_EQ(body.room().size(), SentBody::kChunkBytes);
  body.commit(SentBody::kChunkBytes);
  EXPECT_EQ(body.room().size(), SentBody::kChunkBytes);
  body.commit(1);
  body.release(SentBody::kChunkBytes);
  EXPECT_EQ(body.held(), 1U);
}

TEST_F(SentBodyTest, acknowledged_in_any_steps_it_ends_empty) {
  for (std::size_t step = 1; step < 40'000; step = step * 3 + 1) {
    put(70'000);
    while (body_.held() > 0) body_.release(std::min(step, body_.held()));
    EXPECT_EQ(body_.room().data(), first_.data());
  }
}

}  // namespace
}  // namespace gate::http::h3
