#include "http/h2/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "http/h2/raw_client_for_test.h"

namespace gate::http::h2 {
namespace {

using testing::RawClient;

// Feeds `bytes` in pieces of `step` and notes the headers that are seen.
std::vector<FrameHeader> headers_in(FrameFollower& frames, std::string_view bytes, std::size_t step) {
  std::vector<FrameHeader> seen;
  while (!bytes.empty()) {
    auto input = base::as_bytes(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (!input.empty()) {
      const auto piece = frames.take(input);
      EXPECT_FALSE(piece.bytes.empty());
      if (piece.begun) seen.push_back(*piece.begun);
    }
  }
  return seen;
}

class FrameFollowerPieces : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FrameFollowerPieces, sees_every_frame_once_however_the_input_is_cut) {
  FrameFollower frames;
  const std::string input =
      RawClient::greeting() + RawClient::data(5, "hello", true) + RawClient::frame(0xfe, 0xff, 0x8000'0007, "x");
  const auto seen = headers_in(frames, input, GetParam());
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].type, FrameType::kSettings);
  EXPECT_TRUE(seen[1].has(kFlagAck));
  EXPECT_EQ(seen[2].type, FrameType::kData);
  EXPECT_EQ(seen[2].length, 5u);
  EXPECT_EQ(seen[2].stream_id, 5u);
  EXPECT_EQ(seen[3].type, FrameType{0xfe});
  EXPECT_EQ(seen[3].stream_id, 7u) << "the reserved bit is ignored";
}
INSTANTIATE_TEST_SUITE_P(Sizes, FrameFollowerPieces, ::testing::Values(1, 2, 3, 8, 9, 10, 24, 1000));

TEST(FrameFollower, a_piece_touches_one_frame_only) {
  FrameFollower frames;
  const std::string input = std::string(kClientPreface) + RawClient::ping() + RawClient::data(1, "abc");
  auto rest = base::as_bytes(input);
  EXPECT_EQ(frames.take(rest).bytes.size(), kClientPreface.size());
  EXPECT_FALSE(frames.in_preface());
  EXPECT_EQ(frames.take(rest).bytes.size(), kFrameHeaderBytes + 8);
  EXPECT_EQ(frames.take(rest).bytes.size(), kFrameHeaderBytes + 3);
  EXPECT_TRUE(rest.empty());
}

TEST(FrameFollower, a_head_is_open_from_its_first_frame_to_the_last_byte_of_its_last) {
  FrameFollower frames;
  headers_in(frames, kClientPreface, 24);
  EXPECT_FALSE(frames.in_head());
  headers_in(frames, RawClient::frame(FrameType::kHeaders, 0, 1, "abc"), 100);
  EXPECT_TRUE(frames.in_head());
  const auto last = RawClient::frame(FrameType::kContinuation, kFlagEndHeaders, 1, "def");
  headers_in(frames, std::string_view(last).substr(0, last.size() - 1), 100);
  EXPECT_TRUE(frames.in_head());
  headers_in(frames, std::string_view(last).substr(last.size() - 1), 100);
  EXPECT_FALSE(frames.in_head());
}

TEST(FrameFollower, a_data_frame_opens_no_head) {
  FrameFollower frames;
  headers_in(frames, std::string(kClientPreface) + RawClient::data(1, "abc").substr(0, 10), 100);
  EXPECT_FALSE(frames.in_head());
}

}  // namespace
}  // namespace gate::http::h2
