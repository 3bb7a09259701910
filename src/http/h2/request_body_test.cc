#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// How DATA becomes a request's body, and how far a client may go ahead of its reader.
namespace gate::http::h2 {
namespace {

using testing::RawClient;
using testing::WireTest;

constexpr std::size_t kStreamWindow = 512 * 1024;
constexpr std::size_t kConnectionWindow = 1024 * 1024;

struct CountingWaker final : BodyWaker {
  void body_ready() override { ++wakes; }
  int wakes = 0;
};

// A service that keeps the exchange and reads when the test says so.
struct Reader {
  explicit Reader(WireTest& test) {
    test.service = [this](Exchange& given) {
      exchange = &given;
      given.request_body().set_waker(&waker);
    };
  }

  BodyRead read(std::size_t max = 1 << 20) {
    std::string room(max, '\0');
    const auto result = exchange->request_body().read(std::as_writable_bytes(std::span(room)));
    text.append(room, 0, result.count);
    return result;
  }

  Exchange* exchange = nullptr;
  CountingWaker waker;
  std::string text;
};

std::string data(std::uint32_t stream, std::size_t bytes) {
  std::string frames;
  for (std::size_t left = bytes; left > 0;) {
    const std::size_t part = std::min<std::size_t>(left, 16'384);
    frames += RawClient::data(stream, std::string(part, 'x'));
    left -= part;
  }
  return frames;
}

std::size_t window_given(const WireTest& test, std::uint32_t stream) {
  std::size_t bytes = 0;
  for (const auto& frame : test.frames) {
    if (frame.header.type == FrameType::kWindowUpdate && frame.header.stream_id == stream) bytes += frame.u32();
  }
  return bytes;
}

TEST(H2RequestBody, is_read_as_it_comes) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1, {{"content-length", "6"}}));
  EXPECT_TRUE(reader.exchange->request.has_body);
  EXPECT_EQ(reader.exchange->request_body().length(), 6u);
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  test.talk(RawClient::data(1, "abc"));
  EXPECT_EQ(reader.waker.wakes, 1);
  EXPECT_EQ(reader.read(2).count, 2u);
  EXPECT_EQ(reader.read(2).count, 1u);
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  test.talk(RawClient::data(1, "def", true));
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  EXPECT_EQ(reader.text, "abcdef");
  EXPECT_EQ(reader.exchange->request_body_bytes, 6u);
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.ended.at(0).request_bytes, 6u);
  EXPECT_EQ(test.reset_of(1), std::nullopt);
}

TEST(H2RequestBody, of_a_request_without_one_ends_at_once) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.get(1));
  EXPECT_FALSE(reader.exchange->request.has_body);
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
}

TEST(H2RequestBody, trailers_are_known_at_its_end) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1) + RawClient::data(1, "abc") +
            test.client.headers(1, {{"x-sum", "1"}, {"content-type", "a/b"}, {"x-two", "2"}}));
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  const FieldList* trailers = reader.exchange->request_body().trailers();
  ASSERT_NE(trailers, nullptr);
  EXPECT_EQ(trailers->find("x-sum")->value, "1");
  EXPECT_EQ(trailers->find("x-two")->value, "2");
  EXPECT_EQ(trailers->size(), 2u) << "content-type does not belong there";
}

TEST(H2RequestBody, trailers_must_end_the_stream_and_hold_no_pseudo_fields) {
  for (const bool pseudo : {false, true}) {
    WireTest test;
    test.open();
    Reader reader(test);
    test.talk(test.client.post(1) + test.client.headers(1, {{pseudo ? ":path" : "x-sum", "/"}}, pseudo));
    EXPECT_EQ(test.reset_of(1), Code::kProtocolError);
    EXPECT_EQ(test.ended.at(0).outcome, Outcome::kServerClosed);
  }
}

TEST(H2RequestBody, trailers_share_the_limits_of_the_head) {
  Limits limits;
  limits.header_lines_max = 10;
  WireTest test(limits);
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1) + test.client.headers(1, testing::Lines(20, {"x-a", "b"})));
  EXPECT_EQ(test.reset_of(1), Code::kProtocolError);
}

TEST(H2RequestBody, must_have_the_declared_length) {
  for (const char* body : {"ab", "abcd"}) {
    WireTest test;
    test.open();
    Reader reader(test);
    test.talk(test.client.post(1, {{"content-length", "3"}}) + RawClient::data(1, body, true));
    EXPECT_EQ(test.reset_of(1), Code::kProtocolError) << body;
    EXPECT_EQ(test.ended.at(0).outcome, Outcome::kServerClosed);
  }
}

TEST(H2RequestBody, the_window_opens_only_as_the_service_reads) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1) + data(1, kStreamWindow));
  EXPECT_EQ(window_given(test, 1), 0u);
  EXPECT_EQ(window_given(test, 0), 0u);
  while (reader.read(10'000).state == BodyRead::State::kData) {
  }
  test.receive();
  EXPECT_GE(window_given(test, 1), kStreamWindow / 2);
  EXPECT_GE(window_given(test, 0), kStreamWindow / 2);
}

TEST(H2RequestBody, a_client_that_overruns_the_stream_window_is_reset) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1) + data(1, kStreamWindow + 1));
  EXPECT_EQ(test.reset_of(1), Code::kFlowControlError);
}

TEST(H2RequestBody, a_client_that_overruns_the_connection_window_is_cut_off) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.post(1) + test.client.post(3) + test.client.post(5));
  test.talk(data(1, kStreamWindow) + data(3, kConnectionWindow - kStreamWindow));
  EXPECT_EQ(test.goaway(), std::nullopt);
  test.talk(data(5, 1));
  EXPECT_TRUE(test.closed_with(Code::kFlowControlError));
}

TEST(H2RequestBody, what_nobody_reads_opens_the_connection_again_when_its_exchange_ends) {
  WireTest test;
  test.open();
  Reader reader(test);
  for (std::uint32_t id = 1; id < 21; id += 2) {
    test.talk(test.client.post(id) + data(id, kStreamWindow));
    reader.exchange->respond();
    test.receive();
  }
  EXPECT_EQ(test.ended.size(), 10u);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2RequestBody, too_large_without_declaration_fails_for_its_reader_and_is_refused) {
  Limits limits;
  limits.body_bytes_max = 1000;
  WireTest test(limits);
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1) + RawClient::data(1, std::string(1000, 'x')));
  EXPECT_EQ(reader.read().state, BodyRead::State::kData);
  test.talk(RawClient::data(1, "x"));
  EXPECT_EQ(reader.waker.wakes, 2);
  EXPECT_EQ(reader.read().state, BodyRead::State::kFailed);
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.status_of(1), "413");
}

TEST(H2RequestBody, padding_is_no_part_of_it) {
  WireTest test;
  test.open();
  Reader reader(test);
  const std::string payload = std::string("\x04", 1) + "abc" + std::string(4, '\0');
  test.talk(test.client.post(1) + RawClient::frame(FrameType::kData, kFlagPadded | kFlagEndStream, 1, payload));
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  EXPECT_EQ(reader.text, "abc");
}

TEST(H2RequestBody, reading_it_asks_an_expecting_client_to_go_on) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1, {{"expect", "100-continue"}}));
  EXPECT_EQ(test.count(FrameType::kHeaders), 0u);
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  reader.read();
  test.receive();
  EXPECT_EQ(test.status_of(1), "100");
  EXPECT_FALSE(test.find(FrameType::kHeaders, 1)->ends_stream());
  test.talk(RawClient::data(1, "abc", true));
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.count(FrameType::kHeaders), 2u) << "one 100, one 200";
  EXPECT_EQ(test.frames.back().line(":status"), "200");
}

TEST(H2RequestBody, a_client_that_does_not_wait_needs_no_continue) {
  WireTest test;
  test.open();
  Reader reader(test);
  test.talk(test.client.post(1, {{"expect", "100-continue"}}) + RawClient::data(1, "abc"));
  reader.read();
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  test.receive();
  EXPECT_EQ(test.count(FrameType::kHeaders), 0u);
}

// The response reads what the request sends.
class EchoBody final : public BodySource, private BodyWaker {
 public:
  explicit EchoBody(BodySource& from) : from_(from) { from.set_waker(this); }
  ~EchoBody() override { from_.set_waker(nullptr); }
  EchoBody(const EchoBody&) = delete;
  EchoBody& operator=(const EchoBody&) = delete;
  BodyRead read(std::span<std::byte> into) override { return from_.read(into); }

 private:
  void body_ready() override { wake(); }
  BodySource& from_;
};

TEST(H2RequestBody, can_be_streamed_back_while_it_comes) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<EchoBody>(exchange.request_body());
    exchange.respond();
  };
  test.talk(test.client.post(1));
  test.talk(RawClient::data(1, "abc"));
  EXPECT_EQ(test.body_of(1), "abc");
  test.talk(RawClient::data(1, "def", true));
  EXPECT_EQ(test.body_of(1), "abcdef");
  EXPECT_TRUE(test.frames.back().ends_stream());
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
}

}  // namespace
}  // namespace gate::http::h2
