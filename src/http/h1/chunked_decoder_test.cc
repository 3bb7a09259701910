#include "http/h1/chunked_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http::h1 {
namespace {

struct Decoded {
  Progress progress = Progress::kNeedMore;
  std::string data;
  std::size_t used = 0;
};

class ChunkedDecoderTest : public testing::Test {
 protected:
  Decoded decode(std::string_view input) {
    trailers_.clear();
    ChunkedDecoder decoder(arena_, limits_, trailers_);
    Decoded result;
    for (;;) {
      const auto piece = decoder.decode(input.substr(result.used));
      result.used += piece.used;
      result.data += piece.data;
      result.progress = piece.progress;
      if (piece.progress != Progress::kNeedMore || piece.used == 0) return result;
    }
  }

  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  Limits limits_;
  FieldList trailers_{arena_};
};

TEST_F(ChunkedDecoderTest, joins_the_chunks_and_leaves_what_follows) {
  const auto result = decode("5\r\nhello\r\nA\r\n, world!!!\r\n0\r\n\r\nGET");
  EXPECT_EQ(result.progress, Progress::kComplete);
  EXPECT_EQ(result.data, "hello, world!!!");
  EXPECT_EQ(result.used, 30U);
}

TEST_F(ChunkedDecoderTest, collects_trailers) {
  ASSERT_EQ(decode("0\r\nX-Sum: 1\r\n\r\n").progress, Progress::kComplete);
  ASSERT_EQ(trailers_.size(), 1U);
  EXPECT_EQ(trailers_.find("x-sum")->value, "1");
}

TEST_F(ChunkedDecoderTest, reads_sizes_up_to_64_bits) {
  EXPECT_EQ(decode("ffffffffffffffff\r\nx").progress, Progress::kNeedMore);
  EXPECT_EQ(decode("ffffffffffffffff\r\nx").data, "x");
  EXPECT_EQ(decode("fFfFfFfFfFfFfFfF\r\n").progress, Progress::kNeedMore);
  EXPECT_EQ(decode("10000000000000000").progress, Progress::kFault);
  EXPECT_EQ(decode("0000000000000001\r\nx\r\n").data, "x");
  EXPECT_EQ(decode("00000000000000001").progress, Progress::kFault);
}

TEST_F(ChunkedDecoderTest, bounds_the_extensions_of_a_chunk) {
  limits_.chunk_extension_bytes_max = 10;
  EXPECT_EQ(decode("1;23456789a\r\nx").data, "x");
  EXPECT_EQ(decode("1;23456789ab\r\nx").progress, Progress::kFault);
  EXPECT_EQ(decode("1;23456789a\r").progress, Progress::kNeedMore);
  EXPECT_EQ(decode("1;23456789abc").progress, Progress::kFault) << "not only when its end is there";
}

TEST_F(ChunkedDecoderTest, bounds_the_extensions_of_a_body_by_its_data) {
  limits_.chunk_extension_bytes_max = 10;
  // 10 to begin with and one for each byte of data: the second line of 10 finds 1.
  EXPECT_EQ(decode("1;23456789a\r\nx\r\n1;23456789a\r\n").progress, Progress::kFault);
  EXPECT_EQ(decode("9;23456789a\r\n012345678\r\n1;2345678\r\nx").data, "012345678x");
  EXPECT_EQ(decode("9;23456789a\r\n012345678\r\n1;23456789\r\nx").data, "012345678x");
  EXPECT_EQ(decode("9;23456789a\r\n012345678\r\n1;23456789a\r\nx").progress, Progress::kFault);
}

TEST_F(ChunkedDecoderTest, long_bodies_may_have_extensions_all_along) {
  std::string input;
  for (int i = 0; i < 1000; ++i)
    input += "64;signature=" + std::string(64, 'a') + "\r\n" + std::string(100, 'x') + "\r\n";
  const auto result = decode(input + "0\r\n\r\n");
  EXPECT_EQ(result.progress, Progress::kComplete);
  EXPECT_EQ(result.data.size(), 100'000U);
}

TEST_F(ChunkedDecoderTest, every_prefix_waits_for_more) {
  const std::string_view input = "5 ; a = b;c=\"d\\\"\"\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < input.size(); ++size) {
    EXPECT_EQ(decode(input.substr(0, size)).progress, Progress::kNeedMore) << size;
  }
  EXPECT_EQ(decode(input).progress, Progress::kComplete);
}

TEST_F(ChunkedDecoderTest, faults_at_the_first_byte_that_cannot_belong) {
  for (const std::string_view input :
       {"\r",      "g",        "+",         " ",      "5g",      "5 \r",     "5\n",        "5\rx",
        "5;\r",    "5;=",      "5;a\n",     "5;a=\r", "5;a=b c", "5;a=\"\r", "5;a=\"\\\r", "5;a=\"b\"c",
        "1\r\nxy", "1\r\nx\n", "1\r\nx\ry", "0\r\n ", "0\r\n:",  "0\r\n\n"}) {
    EXPECT_EQ(decode(input).progress, Progress::kFault) << input;
    EXPECT_EQ(decode(input.substr(0, input.size() - 1)).progress, Progress::kNeedMore) << input;
  }
}

}  // namespace
}  // namespace gate::http::h1
