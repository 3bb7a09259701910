#include "http/qpack/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/testing/octets.h"

namespace gate::http::qpack {
namespace {

using http::testing::octets;
using Lines = std::vector<std::pair<std::string, std::string>>;

// Carries out all instructions; yields what the last one came to.
Step instruct(Decoder& decoder, std::string_view bytes) {
  base::ByteReader input(base::as_bytes(bytes));
  Step step = Step::kNothing;
  while (!input.empty() && step == Step::kNothing) step = decoder.instruct(input);
  return step;
}

// The lines of a section; "malformed" stands for the rest, "waits" for all of one whose lines are not there.
Lines read(Decoder& decoder, std::string_view bytes) {
  base::ByteReader input(base::as_bytes(bytes));
  SectionPrefix prefix;
  if (decoder.prefix(input, prefix) != Step::kNothing) return {{"malformed", ""}};
  if (prefix.required > decoder.inserted()) return {{"waits", ""}};
  Lines lines;
  TableLine line;
  while (!input.empty()) {
    if (decoder.next(input, prefix, line) != Step::kLine) {
      lines.emplace_back("malformed", "");
      break;
    }
    lines.emplace_back(line.field.name, line.field.value);
  }
  return lines;
}

// RFC 9204 Appendix B, one connection from B.1 to B.5.
TEST(QpackDecoder, reads_the_sections_of_the_rfc) {
  Decoder decoder({});
  EXPECT_EQ(read(decoder, octets("0000 510b 2f69 6e64 6578 2e68 746d 6c")), (Lines{{":path", "/index.html"}}));

  const std::string sample = octets("0381 10 11");
  EXPECT_EQ(read(decoder, sample), (Lines{{"waits", ""}}));
  EXPECT_EQ(instruct(decoder, octets("3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d"
                                     "c10c 2f73 616d 706c 652f 7061 7468")),
            Step::kNothing);
  EXPECT_EQ(read(decoder, sample), (Lines{{":authority", "www.example.com"}, {":path", "/sample/path"}}));

  EXPECT_EQ(instruct(decoder, octets("4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565")), Step::kNothing);
  EXPECT_EQ(instruct(decoder, octets("02")), Step::kNothing);
  EXPECT_EQ(read(decoder, octets("0500 80 c1 81")),
            (Lines{{":authority", "www.example.com"}, {":path", "/"}, {"custom-key", "custom-value"}}));

  EXPECT_EQ(instruct(decoder, octets("810d 6375 7374 6f6d 2d76 616c 7565 32")), Step::kNothing);
  EXPECT_EQ(decoder.inserted(), 5U);
  EXPECT_EQ(read(decoder, octets("0600 80")), (Lines{{"custom-key", "custom-value2"}}));
}

TEST(QpackDecoder, refuses_what_points_nowhere) {
  Decoder decoder({});
  instruct(decoder, octets("3fe11f 4161 0162"));  // a capacity of 4096; a = b
  ASSERT_EQ(decoder.inserted(), 1U);
  const Lines malformed{{"malformed", ""}};
  EXPECT_EQ(read(decoder, octets("0200 80")), (Lines{{"a", "b"}}));
  EXPECT_EQ(read(decoder, octets("0000 80")), malformed) << "the prefix asks for nothing";
  EXPECT_EQ(read(decoder, octets("0200 81")), malformed) << "before the first";
  EXPECT_EQ(read(decoder, octets("0280 11")), malformed) << "behind the last";
  EXPECT_EQ(read(decoder, octets("0000 ff24")), malformed) << "the static table has 99 lines";
  EXPECT_EQ(read(decoder, octets("0281 10")), malformed) << "a base below nothing";
  EXPECT_EQ(read(decoder, octets("ff02 00")), malformed) << "a count above the range";
}

TEST(QpackDecoder, refuses_instructions_that_cannot_be_carried_out) {
  const auto refused = [](std::string_view hex) {
    Decoder decoder({});
    return instruct(decoder, octets(hex)) == Step::kMalformed;
  };
  EXPECT_TRUE(refused("3fe21f")) << "a capacity of 4097";
  EXPECT_TRUE(refused("4161 0162")) << "a line in a table without room";
  EXPECT_TRUE(refused("3fe11f 00")) << "a duplicate of nothing";
  EXPECT_TRUE(refused("3fe11f 80 0162")) << "a name of nothing";
  EXPECT_TRUE(refused("3fe11f ff24 0162")) << "a static name out of range";
}

TEST(QpackDecoder, an_instruction_that_is_cut_waits_for_its_rest) {
  const std::string whole = octets("4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    Decoder decoder({});
    instruct(decoder, octets("3fe11f"));
    base::ByteReader input(base::as_bytes(whole).first(size));
    EXPECT_EQ(decoder.instruct(input), Step::kIncomplete) << size;
    EXPECT_EQ(input.size(), size);
    EXPECT_EQ(instruct(decoder, whole), Step::kNothing);
    EXPECT_EQ(decoder.inserted(), 1U);
  }
}

}  // namespace
}  // namespace gate::http::qpack
