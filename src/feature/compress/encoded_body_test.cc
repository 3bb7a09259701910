#include "feature/compress/encoded_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "base/text.h"
#include "feature/compress/decode_for_test.h"
#include "http/cache_budget.h"
#include "http/testing/fake_exchange.h"

namespace gate::compress {
namespace {

using http::BodyRead;
using http::ContentCoding;
using State = BodyRead::State;

// Plays back what a source may say, one answer a read.
class ScriptedBody final : public http::BodySource {
 public:
  using Script = std::deque<std::pair<State, std::string>>;
  ScriptedBody(Script& script, std::size_t& reads) : script_(script), reads_(reads) {}

  BodyRead read(std::span<std::byte> into) override {
    ++reads_;
    if (script_.empty()) return {State::kWait, 0};
    const auto [state, text] = script_.front();
    script_.pop_front();
    base::copy_bytes(into, base::as_bytes(text));
    return {state, text.size()};
  }
  void wake_reader() { wake(); }

 private:
  Script& script_;
  std::size_t& reads_;
};

class Waker final : public http::BodyWaker {
 public:
  void body_ready() override { ++calls; }
  int calls = 0;
};

class EncodedBodyTest : public ::testing::TestWithParam<ContentCoding> {
 protected:
  EncodedBodyTest() {
    auto source = fake_.exchange().make_body<ScriptedBody>(script_, reads_);
    source_ = static_cast<ScriptedBody*>(source.get());
    body_ = fake_.exchange().make_body<EncodedBody>(std::move(source), pool_.take(GetParam()), pool_);
    body_->set_waker(&waker_);
  }

  // Reads until there is nothing to be had, and decodes all that came so far.
  Decoded pull(std::size_t room = 4096) {
    do {
      std::string piece(room, '\0');
      last_ = body_->read(std::as_writable_bytes(std::span(piece)));
      received_.append(piece, 0, last_.count);
    } while (last_.state == State::kData);
    return decode(GetParam(), received_);
  }

  static EncoderPool::Levels usual_levels() {
    EncoderPool::Levels levels{};
    for (const auto coding : {ContentCoding::kGzip, ContentCoding::kBrotli, ContentCoding::kZstd}) {
      levels[static_cast<std::size_t>(coding)] = levels_of(coding).usual;
    }
    return levels;
  }

  http::CacheBudget budget_;
  EncoderPool pool_{usual_levels(), budget_};
  ScriptedBody::Script script_;
  std::size_t reads_ = 0;
  Waker waker_;
  http::testing::FakeExchange fake_;
  ScriptedBody* source_ = nullptr;
  http::BodyPtr body_;
  BodyRead last_;
  std::string received_;
};

TEST_P(EncodedBodyTest, hands_on_what_there_is_when_the_source_waits) {
  script_ = {{State::kData, "data: one\n\n"}, {State::kWait, ""}};
  EXPECT_EQ(pull().text, "data: one\n\n");
  EXPECT_EQ(last_.state, State::kWait);
  script_ = {{State::kData, "data: two\n\n"}, {State::kWait, ""}};
  source_->wake_reader();
  EXPECT_EQ(waker_.calls, 1);
  EXPECT_EQ(pull(3).text, "data: one\n\ndata: two\n\n");
  EXPECT_EQ(last_.state, State::kWait);
  script_ = {{State::kEnd, "bye"}};
  source_->wake_reader();
  const auto decoded = pull();
  EXPECT_EQ(decoded.text, "data: one\n\ndata: two\n\nbye");
  EXPECT_TRUE(decoded.complete);
  EXPECT_EQ(last_.state, State::kEnd);
}

TEST_P(EncodedBodyTest, does_not_ask_a_waiting_source_again) {
  script_ = {{State::kWait, ""}};
  pull();
  const auto reads = reads_;
  pull();
  pull();
  EXPECT_EQ(reads_, reads);
  EXPECT_EQ(last_.state, State::kWait);
}

TEST_P(EncodedBodyTest, flushes_once_for_each_wait) {
  script_ = {{State::kData, "abc"}, {State::kWait, ""}};
  pull();
  const auto bytes = received_.size();
  source_->wake_reader();
  script_ = {{State::kWait, ""}};
  pull();
  EXPECT_EQ(received_.size(), bytes) << "nothing new, so nothing to flush";
}

TEST_P(EncodedBodyTest, passes_a_failure_on) {
  script_ = {{State::kData, sample_text(16'000)}, {State::kFailed, ""}};
  EXPECT_FALSE(pull().complete);
  EXPECT_EQ(last_.state, State::kFailed);
  pull();
  EXPECT_EQ(last_.state, State::kFailed) << "and stays failed";
}

TEST_P(EncodedBodyTest, ends_an_empty_source) {
  script_ = {{State::kEnd, ""}};
  const auto decoded = pull();
  EXPECT_EQ(decoded.text, "");
  EXPECT_TRUE(decoded.complete);
}

TEST_P(EncodedBodyTest, takes_a_bounded_amount_in_one_read) {
  for (int i = 0; i < 1000; ++i) script_.emplace_back(State::kData, std::string(PooledEncoder::kInputBytes, 'x'));
  std::string room(65'536, '\0');
  while (received_.empty() || reads_ < 100) {
    const auto before = reads_;
    const auto got = body_->read(std::as_writable_bytes(std::span(room)));
    ASSERT_EQ(got.state, State::kData);
    ASSERT_LE(reads_ - before, EncodedBody::kTakenPerReadMax / PooledEncoder::kInputBytes);
    received_.append(room, 0, got.count);
  }
}

TEST_P(EncodedBodyTest, frees_its_encoder_with_the_last_byte) {
  script_ = {{State::kEnd, sample_text(10'000)}};
  const auto at_work = budget_.used().bytes;
  EXPECT_GT(at_work, 0u);
  pull(16);
  const bool reusable = GetParam() != ContentCoding::kBrotli;
  EXPECT_EQ(pool_.idle(), reusable ? 1u : 0u);
  EXPECT_EQ(budget_.used().bytes, reusable ? at_work : 0u);
  body_.reset();
}

TEST_P(EncodedBodyTest, frees_its_encoder_when_cancelled) {
  script_ = {{State::kData, sample_text(10'000)}};
  std::array<std::byte, 64> room;
  static_cast<void>(body_->read(room));
  body_.reset();
  EXPECT_EQ(budget_.used().bytes > 0, pool_.idle() == 1);
  const auto again = pool_.take(GetParam());
  ASSERT_TRUE(again);
  const auto progress = again->encoder().encode(base::as_bytes("fresh"), room, Encoder::Step::kFinish);
  ASSERT_TRUE(progress.done);
  EXPECT_EQ(decode(GetParam(), base::as_text(std::span(room).first(progress.put))).text, "fresh");
}

INSTANTIATE_TEST_SUITE_P(AllCodings, EncodedBodyTest,
                         ::testing::Values(ContentCoding::kGzip, ContentCoding::kBrotli, ContentCoding::kZstd),
                         [](const auto& param) { return std::string(http::to_string(param.param)); });

TEST(EncoderPool, refuses_when_the_budget_is_spent_and_gives_up_idle_ones_first) {
  http::CacheBudget budget({.bytes = 700'000, .descriptors = 0});
  EncoderPool pool({0, 5, 4, 3}, budget);
  auto first = pool.take(ContentCoding::kGzip);
  auto second = pool.take(ContentCoding::kGzip);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(pool.take(ContentCoding::kGzip));
  pool.give_back(std::move(first));
  EXPECT_EQ(pool.idle(), 1u);
  EXPECT_TRUE(budget.reserve({.bytes = 350'000})) << "an idle encoder makes room";
  EXPECT_EQ(pool.idle(), 0u);
}

}  // namespace
}  // namespace gate::compress
