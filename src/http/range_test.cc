#include "http/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

using ::testing::ElementsAre;
using Kind = RangeSet::Kind;

auto ranges(const RangeSet& set) { return std::vector<ByteRange>(set.ranges().begin(), set.ranges().end()); }
auto parts(std::string_view field, std::uint64_t length = 1000) {
  const auto set = RangeSet::select(field, length);
  EXPECT_EQ(set.kind(), Kind::kParts) << field;
  return ranges(set);
}

TEST(RangeSet, reads_the_three_forms) {
  EXPECT_THAT(parts("bytes=0-499"), ElementsAre(ByteRange{0, 499}));
  EXPECT_THAT(parts("bytes=500-"), ElementsAre(ByteRange{500, 999}));
  EXPECT_THAT(parts("bytes=-500"), ElementsAre(ByteRange{500, 999}));
  EXPECT_THAT(parts("BYTES=0-0"), ElementsAre(ByteRange{0, 0}));
  EXPECT_THAT(parts("bytes=0-0,-1"), ElementsAre(ByteRange{0, 0}, ByteRange{999, 999}));
}

TEST(RangeSet, ends_at_the_representation) {
  EXPECT_THAT(parts("bytes=900-5000"), ElementsAre(ByteRange{900, 999}));
  EXPECT_THAT(parts("bytes=-5000"), ElementsAre(ByteRange{0, 999}));
  EXPECT_THAT(parts("bytes=1-99999999999999999999999999"), ElementsAre(ByteRange{1, 999}));
  EXPECT_THAT(parts("bytes=-99999999999999999999999999"), ElementsAre(ByteRange{0, 999}));
}

TEST(RangeSet, keeps_the_order_and_drops_what_cannot_be_satisfied) {
  EXPECT_THAT(parts("bytes= 800-809 ,\t5000-6000,, 0-9"), ElementsAre(ByteRange{800, 809}, ByteRange{0, 9}));
}

TEST(RangeSet, joins_ranges_that_overlap_or_nearly_touch) {
  EXPECT_THAT(parts("bytes=0-99,50-149"), ElementsAre(ByteRange{0, 149}));
  EXPECT_THAT(parts("bytes=0-99,180-199"), ElementsAre(ByteRange{0, 199})) << "a gap of 80";
  EXPECT_THAT(parts("bytes=0-99,181-199"), ElementsAre(ByteRange{0, 99}, ByteRange{181, 199})) << "a gap of 81";
  EXPECT_THAT(parts("bytes=600-609,0-9,300-309,5-605"), ElementsAre(ByteRange{0, 609}));
  EXPECT_THAT(parts("bytes=500-509,0-9,700-709,505-710"), ElementsAre(ByteRange{500, 710}, ByteRange{0, 9}));
}

TEST(RangeSet, never_sends_a_byte_twice) {
  EXPECT_THAT(parts("bytes=0-,0-,0-,0-,1-,-1,-1000,5-5"), ElementsAre(ByteRange{0, 999}));
}

TEST(RangeSet, is_unsatisfiable_when_no_range_can_be) {
  for (const auto* field : {"bytes=1000-", "bytes=1000-1001,5000-", "bytes=-0", "bytes=99999999999999999999999-"}) {
    EXPECT_EQ(RangeSet::select(field, 1000).kind(), Kind::kUnsatisfiable) << field;
  }
}

TEST(RangeSet, is_ignored_when_malformed_or_of_another_unit) {
  for (const auto* field :
       {"", "bytes", "bytes=", "bytes=,", "lines=0-1", "bytes=5-4", "bytes=a-b", "bytes=-", "bytes=--1",
        "bytes=0-4,5-4", "bytes=0-+4", "bytes=0x0-4", "bytes=0 - 4", "bytes:0-4", "bytes 0-4", "bytes=4"}) {
    EXPECT_EQ(RangeSet::select(field, 1000).kind(), Kind::kWhole) << field;
  }
}

TEST(RangeSet, gives_an_empty_representation_whole) {
  EXPECT_EQ(RangeSet::select("bytes=0-", 0).kind(), Kind::kWhole);
  EXPECT_EQ(RangeSet::select("bytes=-5", 0).kind(), Kind::kWhole);
}

TEST(RangeSet, gives_the_whole_where_too_many_ranges_are_asked_for) {
  std::string field = "bytes=0-0";
  for (std::size_t i = 1; i < RangeSet::kRangesMax; ++i)
    field += "," + std::to_string(i * 100) + "-" + std::to_string(i * 100);
  const auto at_the_bound = RangeSet::select(field, 1 << 20);
  EXPECT_EQ(at_the_bound.kind(), Kind::kParts);
  EXPECT_EQ(at_the_bound.ranges().size(), RangeSet::kRangesMax);
  EXPECT_EQ(RangeSet::select(field + ",9-9", 1 << 20).kind(), Kind::kWhole);
}

}  // namespace
}  // namespace gate::http
