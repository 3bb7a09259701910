#include "http/h2/closed_streams.h"

#include <gtest/gtest.h>

namespace gate::http::h2 {
namespace {

TEST(ClosedStreams, remembers_how_the_last_streams_ended) {
  ClosedStreams closed;
  closed.add(1, Ending::kDone);
  closed.add(3, Ending::kResetByPeer);
  closed.add(0x7fff'ffff, Ending::kResetByUs);
  EXPECT_EQ(closed.find(1), Ending::kDone);
  EXPECT_EQ(closed.find(3), Ending::kResetByPeer);
  EXPECT_EQ(closed.find(0x7fff'ffff), Ending::kResetByUs);
}

TEST(ClosedStreams, a_stream_that_never_was_is_unknown) {
  ClosedStreams closed;
  EXPECT_EQ(closed.find(1), Ending::kUnknown);
  closed.add(5, Ending::kDone);
  EXPECT_EQ(closed.find(3), Ending::kUnknown);
}

TEST(ClosedStreams, old_streams_are_given_the_benefit_of_the_doubt_once_a_reset_of_ours_is_forgotten) {
  ClosedStreams closed;
  closed.add(7, Ending::kResetByUs);
  for (std::uint32_t id = 9; id < 9 + 2 * 16; id += 2) closed.add(id, Ending::kDone);
  EXPECT_EQ(closed.find(7), Ending::kResetByUs);
  EXPECT_EQ(closed.find(5), Ending::kResetByUs);
  EXPECT_EQ(closed.find(9), Ending::kDone);
  EXPECT_EQ(closed.find(101), Ending::kUnknown);
}

TEST(ClosedStreams, streams_that_ended_well_are_forgotten_without_such_doubt) {
  ClosedStreams closed;
  for (std::uint32_t id = 1; id < 101; id += 2) closed.add(id, Ending::kDone);
  EXPECT_EQ(closed.find(1), Ending::kUnknown);
}

}  // namespace
}  // namespace gate::http::h2
