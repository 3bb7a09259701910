#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// Frames of every type that break a rule of RFC 9113, and those that only look as if they did.
namespace gate::http::h2 {
namespace {

using testing::RawClient;
using testing::WireTest;

struct BadFrame {
  const char* name;
  std::string bytes;
  Code code;
};

class H2BadFrame : public ::testing::TestWithParam<BadFrame> {};

TEST_P(H2BadFrame, ends_the_connection_with_its_code) {
  WireTest test;
  test.open();
  // Stream 1 waits for its response, stream 3 for its body, stream 5 is done.
  test.service = [](Exchange& exchange) {
    if (exchange.stream_id == 5) exchange.respond();
  };
  test.talk(test.client.get(1));
  test.talk(test.client.post(3));
  test.talk(test.client.get(5));
  test.talk(GetParam().bytes);
  EXPECT_TRUE(test.closed_with(GetParam().code)) << (test.goaway() ? to_string(*test.goaway()) : "no GOAWAY");
  ASSERT_EQ(test.violations.size(), 1u);
  EXPECT_EQ(test.ended.size(), 3u);
  EXPECT_FALSE(test.wants_read());
  EXPECT_EQ(test.wire->exchanges(), 0u);
}

using R = RawClient;
const std::string kLarge(16'385, 'x');
constexpr auto kNone = std::uint8_t{0};

INSTANTIATE_TEST_SUITE_P(
    All, H2BadFrame,
    ::testing::Values(
        BadFrame{"data_on_stream_0", R::data(0, "x"), Code::kProtocolError},
        BadFrame{"data_on_an_idle_stream", R::data(7, "x"), Code::kProtocolError},
        BadFrame{"data_on_a_half_closed_stream", R::data(1, "x"), Code::kStreamClosed},
        BadFrame{"data_on_a_closed_stream", R::data(5, "x"), Code::kStreamClosed},
        BadFrame{"data_above_the_frame_size", R::data(3, kLarge), Code::kFrameSizeError},
        BadFrame{"data_with_too_much_padding", R::frame(FrameType::kData, kFlagPadded, 3, "\x05xyz"),
                 Code::kProtocolError},
        BadFrame{"data_without_its_padding_field", R::frame(FrameType::kData, kFlagPadded, 3), Code::kProtocolError},
        BadFrame{"headers_on_stream_0", R().headers(0, R::request_lines()), Code::kProtocolError},
        BadFrame{"headers_on_an_even_stream", R().get(8), Code::kProtocolError},
        BadFrame{"headers_on_a_half_closed_stream", R().get(1), Code::kStreamClosed},
        BadFrame{"headers_on_a_closed_stream", R().get(5), Code::kStreamClosed},
        BadFrame{"headers_with_too_much_padding",
                 R::frame(FrameType::kHeaders, kFlagPadded | kFlagEndHeaders, 7, "\x09xyz"), Code::kProtocolError},
        BadFrame{"headers_too_short_for_their_priority",
                 R::frame(FrameType::kHeaders, kFlagEndHeaders | 0x20, 7, "xyz"), Code::kFrameSizeError},
        BadFrame{"headers_that_are_no_hpack", R::frame(FrameType::kHeaders, kFlagEndHeaders, 7, "\xff\xff\xff\xff\xff"),
                 Code::kCompressionError},
        BadFrame{"headers_interrupted_by_another_frame", R::frame(FrameType::kHeaders, kNone, 7, "") + R::ping(),
                 Code::kProtocolError},
        BadFrame{"headers_continued_on_another_stream",
                 R::frame(FrameType::kHeaders, kNone, 7, "") + R::frame(FrameType::kContinuation, kFlagEndHeaders, 9),
                 Code::kProtocolError},
        BadFrame{"continuation_without_headers", R::frame(FrameType::kContinuation, kFlagEndHeaders, 3),
                 Code::kProtocolError},
        BadFrame{"priority_on_stream_0", R::frame(FrameType::kPriority, kNone, 0, std::string(5, '\0')),
                 Code::kProtocolError},
        BadFrame{"priority_of_another_size", R::frame(FrameType::kPriority, kNone, 3, "1234"), Code::kFrameSizeError},
        BadFrame{"reset_on_stream_0", R::reset(0), Code::kProtocolError},
        BadFrame{"reset_of_an_idle_stream", R::reset(7), Code::kProtocolError},
        BadFrame{"reset_of_another_size", R::frame(FrameType::kResetStream, kNone, 3, "123"), Code::kFrameSizeError},
        BadFrame{"settings_on_a_stream", R::frame(FrameType::kSettings, kNone, 3), Code::kProtocolError},
        BadFrame{"settings_of_another_size", R::frame(FrameType::kSettings, kNone, 0, "12345"), Code::kFrameSizeError},
        BadFrame{"settings_acknowledgement_with_content", R::frame(FrameType::kSettings, kFlagAck, 0, R::setting(4, 1)),
                 Code::kFrameSizeError},
        BadFrame{"settings_acknowledgement_unasked", R::settings_ack(), Code::kProtocolError},
        BadFrame{"settings_push_neither_0_nor_1", R::settings(R::setting(2, 2)), Code::kProtocolError},
        BadFrame{"settings_window_too_large", R::settings(R::setting(4, 0x8000'0000u)), Code::kFlowControlError},
        BadFrame{"settings_frame_size_too_small", R::settings(R::setting(5, 16'383)), Code::kProtocolError},
        BadFrame{"settings_frame_size_too_large", R::settings(R::setting(5, 16'777'216)), Code::kProtocolError},
        BadFrame{"push_promise", R::frame(FrameType::kPushPromise, kFlagEndHeaders, 3, R::number(2, 4)),
                 Code::kProtocolError},
        BadFrame{"ping_on_a_stream", R::frame(FrameType::kPing, kNone, 3, "12345678"), Code::kProtocolError},
        BadFrame{"ping_of_another_size", R::frame(FrameType::kPing, kNone, 0, "1234567"), Code::kFrameSizeError},
        BadFrame{"goaway_on_a_stream", R::frame(FrameType::kGoaway, kNone, 3, std::string(8, '\0')),
                 Code::kProtocolError},
        BadFrame{"goaway_too_short", R::frame(FrameType::kGoaway, kNone, 0, "1234567"), Code::kFrameSizeError},
        BadFrame{"window_update_of_another_size", R::frame(FrameType::kWindowUpdate, kNone, 0, "123"),
                 Code::kFrameSizeError},
        BadFrame{"window_update_of_zero", R::window_update(0, 0), Code::kProtocolError},
        BadFrame{"window_update_of_zero_on_a_stream", R::window_update(3, 0), Code::kProtocolError},
        BadFrame{"window_update_of_an_idle_stream", R::window_update(7, 1), Code::kProtocolError},
        BadFrame{"window_update_that_overflows", R::window_update(0, 0x7fff'ffff), Code::kFlowControlError},
        BadFrame{"any_frame_above_the_frame_size", R::frame(0x42, 0, 0, kLarge), Code::kFrameSizeError}),
    [](const auto& given) { return given.param.name; });

TEST(H2Frames, a_stream_identifier_cannot_go_back) {
  WireTest test;
  test.open();
  test.talk(test.client.get(5));
  test.talk(test.client.get(3));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
}

TEST(H2Frames, a_frame_after_the_client_s_own_reset_is_an_error_of_that_stream) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.post(1) + RawClient::reset(1));
  test.talk(RawClient::data(1, "x"));
  EXPECT_EQ(test.reset_of(1), Code::kStreamClosed);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Frames, stream_0_is_not_taken_for_the_first_stream) {
  for (const auto& frame : {RawClient::data(0, "x"), RawClient().headers(0, RawClient::request_lines())}) {
    WireTest test;
    test.open();
    test.service = [](Exchange&) {};
    test.talk(test.client.post(1) + RawClient::reset(1));
    test.talk(frame);
    EXPECT_TRUE(test.closed_with(Code::kProtocolError));
  }
}

TEST(H2Frames, a_window_update_that_overflows_a_stream_resets_it) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.get(1));
  test.talk(RawClient::window_update(1, 0x7fff'ffff));
  EXPECT_EQ(test.reset_of(1), Code::kFlowControlError);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kServerClosed);
}

TEST(H2Frames, honest_late_frames_do_no_harm) {
  WireTest test;
  test.open();
  test.talk(test.client.get(1));
  test.talk(RawClient::window_update(1, 100) + RawClient::reset(1) +
            RawClient::frame(FrameType::kPriority, 0, 1, std::string(5, '\0')));
  EXPECT_TRUE(test.violations.empty());
  test.talk(test.client.get(3));
  EXPECT_EQ(test.status_of(3), "200");
}

TEST(H2Frames, what_is_unknown_is_ignored) {
  WireTest test;
  test.open();
  test.talk(RawClient::frame(0x42, 0xff, 0, "unknown") + RawClient::frame(0x42, 0, 77, "unknown") +
            RawClient::settings(RawClient::setting(0x4242, 7)) + test.client.get(1));
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Frames, a_ping_is_answered_with_its_content) {
  WireTest test;
  test.open();
  test.talk(RawClient::ping());
  ASSERT_EQ(test.frames.size(), 1u);
  EXPECT_TRUE(test.frames[0].header.has(kFlagAck));
  EXPECT_EQ(test.frames[0].payload, "12345678");
}

TEST(H2Frames, settings_are_acknowledged) {
  WireTest test;
  test.open();
  test.talk(RawClient::settings(RawClient::setting(3, 100)));
  ASSERT_EQ(test.frames.size(), 1u);
  EXPECT_EQ(test.frames[0].header.type, FrameType::kSettings);
  EXPECT_TRUE(test.frames[0].header.has(kFlagAck));
}

TEST(H2Frames, the_server_speaks_first_and_says_its_limits) {
  Limits limits;
  limits.streams_max = 77;
  limits.header_bytes_max = 12'345;
  WireTest test(limits);
  test.receive();
  ASSERT_FALSE(test.frames.empty());
  const auto& settings = test.frames[0];
  EXPECT_EQ(settings.header.type, FrameType::kSettings);
  EXPECT_NE(settings.payload.find(RawClient::setting(3, 77)), std::string::npos);
  EXPECT_NE(settings.payload.find(RawClient::setting(6, 12'345)), std::string::npos);
  EXPECT_NE(settings.payload.find(RawClient::setting(9, 1)), std::string::npos);
}

TEST(H2Frames, another_preface_is_refused) {
  for (const char* preface :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\x16\x03\x01"}) {
    WireTest test;
    test.talk(preface);
    EXPECT_TRUE(test.closed_with(Code::kProtocolError)) << preface;
    EXPECT_EQ(test.violations.size(), 1u);
  }
}

TEST(H2Frames, the_first_frame_must_be_settings) {
  WireTest test;
  test.talk(std::string(kClientPreface) + RawClient::ping());
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
}

TEST(H2Frames, more_streams_than_allowed_are_refused_before_the_client_can_know) {
  Limits limits;
  limits.streams_max = 2;
  WireTest test(limits);
  test.service = [](Exchange&) {};
  test.talk(std::string(kClientPreface) + RawClient::settings() + test.client.get(1) + test.client.get(3) +
            test.client.post(5) + RawClient::data(5, "under way"));
  EXPECT_EQ(test.reset_of(5), Code::kRefusedStream);
  EXPECT_EQ(test.dispatched, 2u);
  EXPECT_EQ(test.goaway(), std::nullopt);
  EXPECT_EQ(test.violations.size(), 1u);
}

TEST(H2Frames, more_streams_than_allowed_end_the_connection_of_a_client_that_knows) {
  Limits limits;
  limits.streams_max = 2;
  WireTest test(limits);
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.get(1) + test.client.get(3) + test.client.get(5));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
}

TEST(H2Frames, a_stream_that_ended_makes_room_for_the_next) {
  Limits limits;
  limits.streams_max = 2;
  WireTest test(limits);
  test.open();
  for (std::uint32_t id = 1; id < 100; id += 4) test.talk(test.client.get(id) + test.client.get(id + 2));
  EXPECT_EQ(test.ended.size(), 50u);
  EXPECT_EQ(test.goaway(), std::nullopt);
}

}  // namespace
}  // namespace gate::http::h2
