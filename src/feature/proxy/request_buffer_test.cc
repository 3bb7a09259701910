#include "feature/proxy/request_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "http/fields.h"

namespace gate::proxy {
namespace {

// A body that comes as the test says.
class Arriving final : public http::BodySource {
 public:
  http::BodyRead read(std::span<std::byte> into) override {
    if (failed) return {http::BodyRead::State::kFailed, 0};
    if (arrived.empty() && !ended) return {http::BodyRead::State::kWait, 0};
    const std::size_t count = std::min(into.size(), arrived.size());
    base::copy_bytes(into, base::as_bytes(arrived).first(count));
    arrived.erase(0, count);
    return {ended && arrived.empty() ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, count};
  }
  const http::FieldList* trailers() const override { return ended ? said : nullptr; }

  void come(std::string_view text, bool last = false) {
    arrived += text;
    ended = last;
    wake();
  }

  std::string arrived;
  const http::FieldList* said = nullptr;
  bool ended = false;
  bool failed = false;
};

class RequestBufferTest : public testing::Test, public RequestBuffer::Listener, private http::BodyWaker {
 protected:
  void buffered() override { ++told_; }
  void buffering_failed() override { ++failed_; }
  void body_ready() override { ++woken_; }
  void turn() { loop_->turn(loop_->now()); }

  RequestBuffer& fill(std::size_t bytes_max) {
    RequestBuffer::Listener& listener = *this;
    buffer_ = std::make_unique<RequestBuffer>(body_, bytes_max, *loop_, listener);
    buffer_->set_waker(this);
    buffer_->fill();
    EXPECT_EQ(told_, 0) << "never from within";
    turn();
    return *buffer_;
  }

  // All that can be read now, "…|" where more will follow, "…." at the end.
  std::string read() {
    std::string text;
    std::array<std::byte, 7> piece;
    while (true) {
      const auto read = buffer_->read(piece);
      text += base::as_text(base::ByteView(piece).first(read.count));
      if (read.state == http::BodyRead::State::kWait) return text + "|";
      if (read.state == http::BodyRead::State::kEnd) return text + ".";
      if (read.state == http::BodyRead::State::kFailed) return text + "!";
    }
  }

  base::SystemClock clock_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  Arriving body_;
  std::unique_ptr<RequestBuffer> buffer_;
  int told_ = 0, failed_ = 0, woken_ = 0;
};

TEST_F(RequestBufferTest, waits_for_the_whole_body_and_knows_its_length) {
  auto& buffer = fill(100);
  body_.come("slowly ");
  turn();
  EXPECT_EQ(told_, 0);
  EXPECT_FALSE(buffer.length().has_value());
  body_.come("arrived", true);
  turn();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(buffer.whole());
  EXPECT_EQ(buffer.length(), 14U);
  EXPECT_EQ(read(), "slowly arrived.");
}

TEST_F(RequestBufferTest, gives_a_whole_body_once_more) {
  body_.come("once", true);
  auto& buffer = fill(100);
  EXPECT_EQ(read(), "once.");
  buffer.rewind();
  EXPECT_EQ(read(), "once.");
}

TEST_F(RequestBufferTest, passes_on_what_is_longer_than_it_holds) {
  body_.come("0123456789");
  auto& buffer = fill(4);
  EXPECT_EQ(told_, 1);
  EXPECT_FALSE(buffer.whole());
  EXPECT_EQ(body_.arrived, "456789") << "no more is taken than may be held";
  EXPECT_EQ(read(), "0123456789|");
  body_.come("ab", true);
  EXPECT_EQ(woken_, 1) << "who reads is told of what comes";
  EXPECT_EQ(read(), "ab.");
}

TEST_F(RequestBufferTest, holds_a_body_of_exactly_its_size_without_knowing_its_end) {
  body_.come("0123", true);
  EXPECT_TRUE(fill(4).whole());
  EXPECT_EQ(read(), "0123.");
}

TEST_F(RequestBufferTest, takes_a_body_without_content) {
  body_.come("", true);
  EXPECT_EQ(fill(4).length(), 0U);
  EXPECT_EQ(read(), ".");
}

TEST_F(RequestBufferTest, says_where_the_rest_does_not_come) {
  body_.come("half");
  fill(100);
  body_.failed = true;
  body_.come("");
  turn();
  EXPECT_EQ(told_, 0);
  EXPECT_EQ(failed_, 1);
}

TEST_F(RequestBufferTest, says_no_length_where_trailers_follow) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  const http::FieldList trailers(arena);
  body_.said = &trailers;
  body_.come("text", true);
  EXPECT_FALSE(fill(100).length().has_value());
}

TEST_F(RequestBufferTest, ends_while_its_body_goes_on) {
  fill(100);
  buffer_.reset();
  body_.come("nobody is interested", true);
  turn();
  EXPECT_EQ(told_, 0);
}

}  // namespace
}  // namespace gate::proxy
