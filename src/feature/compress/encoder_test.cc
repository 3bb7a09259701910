#include "feature/compress/encoder.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "feature/compress/decode_for_test.h"

namespace gate::compress {
namespace {

using http::ContentCoding;
using Step = Encoder::Step;

class EncoderTest : public ::testing::TestWithParam<ContentCoding> {
 protected:
  std::unique_ptr<Encoder> make() { return make_encoder(GetParam(), levels_of(GetParam()).usual); }

  // Repeats the step until it is done, with `room` bytes of output at a time.
  static std::string run(Encoder& encoder, std::string_view input, Step step, std::size_t room = 4096) {
    std::string output;
    auto rest = base::as_bytes(input);
    for (bool done = false; !done;) {
      std::string piece(room, '\0');
      const auto progress = encoder.encode(rest, std::as_writable_bytes(std::span(piece)), step);
      EXPECT_FALSE(progress.failed);
      EXPECT_LT(output.size(), 500'000U) << "it must end";
      if (progress.failed || output.size() > 500'000) break;
      rest = rest.subspan(progress.taken);
      output.append(piece, 0, progress.put);
      done = progress.done;
    }
    return output;
  }
};

TEST_P(EncoderTest, round_trips_whatever_the_pieces) {
  const auto text = sample_text(300'000);
  for (const std::size_t room :
       {std::size_t{1}, std::size_t{5}, std::size_t{31}, std::size_t{4096}, std::size_t{1'000'000}}) {
    const auto encoder = make();
    std::string output;
    for (std::size_t at = 0; at < text.size(); at += 16'384) {
      output += run(*encoder, std::string_view(text).substr(at, 16'384), Step::kContinue, room);
    }
    output += run(*encoder, "", Step::kFinish, room);
    EXPECT_LT(output.size(), text.size() / 2);
    const auto decoded = decode(GetParam(), output);
    EXPECT_TRUE(decoded.complete);
    EXPECT_TRUE(decoded.text == text) << room;
  }
}

TEST_P(EncoderTest, flushes_what_it_was_given) {
  for (const std::size_t room : {std::size_t{1}, std::size_t{5}, std::size_t{6}, std::size_t{4096}}) {
    const auto encoder = make();
    std::string output = run(*encoder, "data: one\n\n", Step::kContinue, room);
    output += run(*encoder, "", Step::kFlush, room);
    EXPECT_EQ(decode(GetParam(), output).text, "data: one\n\n") << room;
    output += run(*encoder, "data: two\n\n", Step::kFlush, room);
    EXPECT_EQ(decode(GetParam(), output).text, "data: one\n\ndata: two\n\n") << room;
    output += run(*encoder, "", Step::kFinish, room);
    EXPECT_TRUE(decode(GetParam(), output).complete);
  }
}

TEST_P(EncoderTest, encodes_nothing_at_all) {
  const auto encoder = make();
  const auto decoded = decode(GetParam(), run(*encoder, "", Step::kFinish));
  EXPECT_TRUE(decoded.complete);
  EXPECT_EQ(decoded.text, "");
}

TEST_P(EncoderTest, starts_again_in_the_middle) {
  const auto encoder = make();
  run(*encoder, sample_text(50'000), Step::kContinue, 7);
  if (!encoder->restart()) GTEST_SKIP() << "this one is made afresh";
  const auto decoded = decode(GetParam(), run(*encoder, "fresh", Step::kFinish));
  EXPECT_EQ(decoded.text, "fresh");
}

TEST_P(EncoderTest, holds_no_more_memory_than_it_says) {
  if (::mallinfo2().uordblks == 0) GTEST_SKIP() << "a sanitizer's allocator does not count";
  const auto text = sample_text(2'000'000);
  const auto range = levels_of(GetParam());
  for (int level = range.min; level <= range.max; ++level) {
    const auto before = ::mallinfo2();
    const auto encoder = make_encoder(GetParam(), level);
    ASSERT_TRUE(encoder);
    std::array<std::byte, 65'536> room;
    std::size_t held = 0;
    for (auto rest = base::as_bytes(text); !rest.empty();) {
      const auto piece = rest.first(std::min<std::size_t>(rest.size(), 16'384));
      rest = rest.subspan(encoder->encode(piece, room, Step::kContinue).taken);
      const auto now = ::mallinfo2();
      held = std::max(held, now.uordblks + now.hblkhd - before.uordblks - before.hblkhd);
    }
    EXPECT_LE(held, memory_of(GetParam(), level)) << "level " << level;
    EXPECT_GT(held, memory_of(GetParam(), level) / 3) << "level " << level;
  }
}

INSTANTIATE_TEST_SUITE_P(AllCodings, EncoderTest,
                         ::testing::Values(ContentCoding::kGzip, ContentCoding::kBrotli, ContentCoding::kZstd),
                         [](const auto& param) { return std::string(http::to_string(param.param)); });

}  // namespace
}  // namespace gate::compress
