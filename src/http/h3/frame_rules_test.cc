#include <gtest/gtest.h>

#include <string>

#include "http/h3/wire_for_test.h"
#include "http/multiplex/codes.h"

// Frames and streams out of place (RFC 9114 6.2, 7.2; RFC 9204 4.2; RFC 9297 2.1) end the connection with the code the
// book names.
namespace gate::http::h3 {
namespace {

using testing::data_frame;
using testing::frame;
using testing::FrameType;
using testing::setting;
using testing::settings;
using testing::stream_type;
using testing::StreamType;
using testing::varint;
using testing::WireTest;

constexpr quic::StreamId kOther = 14;  // a further one-way stream of the client

struct Broken {
  const char* name;
  quic::StreamId stream;
  std::string bytes;
  bool last;
  Code code;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class H3BrokenTest : public ::testing::TestWithParam<Broken> {};

TEST_P(H3BrokenTest, ends_the_connection) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(0, testing::get(), true);
  ASSERT_EQ(test.wire->exchanges(), 1U);
  test.talk(GetParam().stream, GetParam().bytes, GetParam().last);
  EXPECT_EQ(test.transport.closed, GetParam().code);
  EXPECT_EQ(test.transport.close_reason, to_string(GetParam().code));
  EXPECT_TRUE(test.wire->finished());
  EXPECT_EQ(test.wire->exchanges(), 0U);
  EXPECT_EQ(test.wire->deadline(), base::Instant::max());
  EXPECT_EQ(test.ended.size(), test.dispatched);
  for (const auto& exchange : test.ended) EXPECT_EQ(exchange.outcome, Outcome::kServerClosed);
  ASSERT_EQ(test.violations.size(), 1U);
  EXPECT_EQ(test.violation_codes[0], multiplex::kConnectionBroken.number);
}

std::string head_then(std::string_view bytes) { return testing::post() + std::string(bytes); }

INSTANTIATE_TEST_SUITE_P(
    OnRequestStreams, H3BrokenTest,
    ::testing::Values(
        Broken{"data_before_the_head", 4, data_frame("x"), false, Code::kFrameUnexpected},
        Broken{"settings", 4, head_then(settings()), false, Code::kFrameUnexpected},
        Broken{"goaway", 4, head_then(frame(FrameType::kGoaway, varint(0))), false, Code::kFrameUnexpected},
        Broken{"cancel_push", 4, head_then(frame(FrameType::kCancelPush, varint(0))), false, Code::kFrameUnexpected},
        Broken{"max_push_id", 4, head_then(frame(FrameType::kMaxPushId, varint(0))), false, Code::kFrameUnexpected},
        Broken{"push_promise", 4, head_then(frame(FrameType::kPushPromise, varint(0))), false, Code::kFrameUnexpected},
        Broken{"priority_update", 4, head_then(frame(FrameType::kPriorityUpdate, varint(4))), false,
               Code::kFrameUnexpected},
        Broken{"http2_priority", 4, head_then(frame(0x02, "12345")), false, Code::kFrameUnexpected},
        Broken{"http2_ping", 4, head_then(frame(0x06, "12345678")), false, Code::kFrameUnexpected},
        Broken{"http2_window_update", 4, head_then(frame(0x08, "1234")), false, Code::kFrameUnexpected},
        Broken{"http2_continuation", 4, head_then(frame(0x09)), false, Code::kFrameUnexpected},
        Broken{"data_after_trailers", 4, head_then(testing::headers({{"x-a", "1"}}) + data_frame("x")), false,
               Code::kFrameUnexpected},
        Broken{"trailers_twice", 4, head_then(testing::headers({{"x-a", "1"}}) + testing::headers({{"x-a", "1"}})),
               false, Code::kFrameUnexpected},
        Broken{"frame_cut_off_by_the_end", 4, head_then(data_frame("12345").substr(0, 4)), true, Code::kFrameError},
        Broken{"head_cut_off_by_the_end", 4, testing::get().substr(0, 20), true, Code::kFrameError},
        Broken{"field_section_without_its_prefix", 4, frame(FrameType::kHeaders, std::string(1, '\0')), true,
               Code::kQpackDecompressionFailed},
        Broken{"reference_to_an_entry_never_made", 4, frame(FrameType::kHeaders, std::string("\0\0\x80", 3)), true,
               Code::kQpackDecompressionFailed},
        Broken{"static_entry_out_of_range", 4, frame(FrameType::kHeaders, std::string("\0\0\xff\x40", 4)), true,
               Code::kQpackDecompressionFailed},
        Broken{"value_longer_than_any", 4,
               frame(FrameType::kHeaders,
                     std::string("\0\0", 2) + testing::prefixed(0x20, 3, 3) + "x-a" + testing::prefixed(0, 7, 1 << 20)),
               false, Code::kExcessiveLoad}),
    [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OnTheControlStream, H3BrokenTest,
    ::testing::Values(
        Broken{"data", WireTest::kControl, data_frame("x"), false, Code::kFrameUnexpected},
        Broken{"headers", WireTest::kControl, testing::get(), false, Code::kFrameUnexpected},
        Broken{"push_promise", WireTest::kControl, frame(FrameType::kPushPromise, varint(0)), false,
               Code::kFrameUnexpected},
        Broken{"cancel_push", WireTest::kControl, frame(FrameType::kCancelPush, varint(0)), false,
               Code::kFrameUnexpected},
        Broken{"settings_twice", WireTest::kControl, settings(), false, Code::kFrameUnexpected},
        Broken{"http2_ping", WireTest::kControl, frame(0x06, "12345678"), false, Code::kFrameUnexpected},
        Broken{"empty_goaway", WireTest::kControl, frame(FrameType::kGoaway), false, Code::kFrameError},
        Broken{"empty_max_push_id", WireTest::kControl, frame(FrameType::kMaxPushId), false, Code::kFrameError},
        Broken{"goaway_that_grows", WireTest::kControl,
               frame(FrameType::kGoaway, varint(1)) + frame(FrameType::kGoaway, varint(2)), false, Code::kIdError},
        Broken{"max_push_id_that_shrinks", WireTest::kControl,
               frame(FrameType::kMaxPushId, varint(2)) + frame(FrameType::kMaxPushId, varint(1)), false,
               Code::kIdError},
        Broken{"priority_of_no_request_stream", WireTest::kControl, frame(FrameType::kPriorityUpdate, varint(3)), false,
               Code::kIdError},
        Broken{"priority_of_a_stream_not_allowed_yet", WireTest::kControl,
               frame(FrameType::kPriorityUpdate, varint(4 * 1000)), false, Code::kIdError},
        Broken{"priority_of_a_push", WireTest::kControl, frame(0xf0701, varint(0)), false, Code::kIdError},
        Broken{"its_end", WireTest::kControl, "", true, Code::kClosedCriticalStream}),
    [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OnOtherStreams, H3BrokenTest,
    ::testing::Values(
        Broken{"second_control_stream", kOther, stream_type(StreamType::kControl), false, Code::kStreamCreationError},
        Broken{"second_encoder_stream", kOther, stream_type(StreamType::kEncoder), false, Code::kStreamCreationError},
        Broken{"second_decoder_stream", kOther, stream_type(StreamType::kDecoder), false, Code::kStreamCreationError},
        Broken{"push_stream", kOther, stream_type(StreamType::kPush), false, Code::kStreamCreationError},
        Broken{"end_of_the_encoder_stream", WireTest::kEncoder, "", true, Code::kClosedCriticalStream},
        Broken{"end_of_the_decoder_stream", WireTest::kDecoder, "", true, Code::kClosedCriticalStream},
        Broken{"table_larger_than_allowed", WireTest::kEncoder, testing::prefixed(0x20, 5, 4097), false,
               Code::kQpackEncoderStreamError},
        Broken{"insertion_by_an_entry_never_made", WireTest::kEncoder, "\x80\x01x", false,
               Code::kQpackEncoderStreamError},
        Broken{"duplicate_of_nothing", WireTest::kEncoder, std::string(1, '\0'), false, Code::kQpackEncoderStreamError},
        Broken{"acknowledgement_of_no_section", WireTest::kDecoder, "\x84", false, Code::kQpackDecoderStreamError},
        Broken{"increment_by_nothing", WireTest::kDecoder, std::string(1, '\0'), false, Code::kQpackDecoderStreamError},
        Broken{"increment_by_what_was_never_sent", WireTest::kDecoder, "\x01", false, Code::kQpackDecoderStreamError}),
    [](const auto& param) { return param.param.name; });

struct BadSettings {
  const char* name;
  std::string bytes;
  Code code;
};

void PrintTo(const BadSettings& bad, std::ostream* out) { *out << bad.name; }

class H3SettingsTest : public ::testing::TestWithParam<BadSettings> {};

TEST_P(H3SettingsTest, end_the_connection) {
  WireTest test;
  test.wire->start();
  test.talk(WireTest::kControl, stream_type(StreamType::kControl) + GetParam().bytes);
  EXPECT_EQ(test.transport.closed, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    H3, H3SettingsTest,
    ::testing::Values(BadSettings{"missing", frame(FrameType::kMaxPushId, varint(1)), Code::kMissingSettings},
                      BadSettings{"missing_before_an_unknown_frame", frame(0x21, "x"), Code::kMissingSettings},
                      BadSettings{"http2_enable_push", settings(setting(0x02, 0)), Code::kSettingsError},
                      BadSettings{"http2_concurrent_streams", settings(setting(0x03, 1)), Code::kSettingsError},
                      BadSettings{"http2_window", settings(setting(0x04, 1)), Code::kSettingsError},
                      BadSettings{"http2_frame_size", settings(setting(0x05, 1)), Code::kSettingsError},
                      BadSettings{"datagrams_neither_on_nor_off", settings(setting(0x33, 2)), Code::kSettingsError},
                      BadSettings{"value_cut_off", settings(varint(0x06)), Code::kFrameError}),
    [](const auto& param) { return param.param.name; });

TEST(H3Frames, the_server_says_its_settings) {
  WireTest test;
  test.open();
  const auto frames = test.frames(WireTest::kServerControl);
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_TRUE(frames[0].is(FrameType::kSettings));
  const std::string expected =
      setting(0x06, 64 * 1024) + setting(0x01, 4096) + setting(0x07, 16) + setting(0x33, 1) + setting(0x08, 1);
  EXPECT_EQ(frames[0].payload, expected);
  EXPECT_EQ(test.end(7).bytes, stream_type(StreamType::kEncoder));
  EXPECT_EQ(test.end(11).bytes, stream_type(StreamType::kDecoder));
}

TEST(H3Frames, a_client_that_allows_no_streams_of_ours_is_let_go) {
  WireTest test;
  test.transport.one_way_streams_left = 2;
  test.wire->start();
  EXPECT_EQ(test.transport.closed, Code::kGeneralProtocolError);
  EXPECT_TRUE(test.wire->finished());
}

TEST(H3Frames, unknown_frames_settings_and_streams_are_ignored) {
  WireTest test;
  test.open(setting(0x21, 7));
  test.talk(WireTest::kControl, frame(0x21 + 31, "grease"));
  test.talk(kOther, varint(0x21) + "grease");
  EXPECT_EQ(test.end(kOther).stopped, Code::kStreamCreationError);
  test.talk(0, frame(0x21, "grease") + testing::get() + frame(0x40, "grease"), true);
  EXPECT_EQ(test.status(0), "200");
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Frames, an_unknown_stream_may_end_or_be_reset) {
  WireTest test;
  test.open();
  test.talk(kOther, varint(0x21));
  test.wire->reset_by_peer(kOther, 0);
  test.wire->closed(kOther, 0);
  test.talk(kOther + 4, varint(0x21) + "all of it", true);
  test.wire->closed(kOther + 4, std::nullopt);
  test.talk(kOther + 8, "", true);
  test.wire->closed(kOther + 8, std::nullopt);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.transport.streams_allowed, 0U);
}

TEST(H3Frames, a_reset_control_stream_ends_the_connection) {
  WireTest test;
  test.open();
  test.wire->reset_by_peer(WireTest::kControl, 0);
  test.wire->closed(WireTest::kControl, 0);
  EXPECT_EQ(test.transport.closed, Code::kClosedCriticalStream);
}

TEST(H3Frames, datagrams_for_nobody_are_dropped_and_malformed_ones_end_the_connection) {
  WireTest test;
  test.open();
  const std::string good = varint(0) + "payload";
  test.wire->datagram(base::as_bytes(good));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  for (const std::string& bad : {std::string(), std::string("\x40", 1), varint(std::uint64_t{1} << 60)}) {
    WireTest other;
    other.open();
    other.wire->datagram(base::as_bytes(bad));
    EXPECT_EQ(other.transport.closed, Code::kDatagramError);
  }
}

// --- QPACK's dynamic table

std::string insertion(std::string_view name, std::string_view value) {
  return testing::prefixed(0x40, 5, name.size()) + std::string(name) + testing::prefixed(0, 7, value.size()) +
         std::string(value);
}
std::string capacity(std::size_t bytes) { return testing::prefixed(0x20, 5, bytes); }

// A GET whose last line is the first entry of the dynamic table: required insert count 1, base 1.
std::string get_with_the_first_entry() {
  return frame(FrameType::kHeaders,
               std::string("\x02\x00", 2) + testing::section(testing::request_lines()).substr(2) + "\x80");
}

TEST(H3Qpack, entries_may_come_before_their_use) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.fields.find("x-table")->value, "v");
    exchange.respond();
  };
  test.open();
  test.talk(WireTest::kEncoder, capacity(4096) + insertion("x-table", "v"));
  test.talk(0, get_with_the_first_entry(), true);
  EXPECT_EQ(test.status(0), "200");
  // RFC 9204 4.4.1: the section is acknowledged.
  EXPECT_TRUE(test.end(11).bytes.ends_with(std::string("\x80", 1)));
}

TEST(H3Qpack, a_request_waits_for_its_entries) {
  WireTest test;
  test.open();
  const std::string request = get_with_the_first_entry();
  test.talk(0, request, true);
  EXPECT_EQ(test.dispatched, 0U);
  EXPECT_LT(test.end(0).released, request.size());
  test.talk(WireTest::kEncoder, capacity(4096) + insertion("x-table", "v"));
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.end(0).released, request.size());
}

TEST(H3Qpack, so_many_may_wait_and_no_more) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id < 16 * 4; id += 4) test.talk(id, get_with_the_first_entry(), true);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.talk(64, get_with_the_first_entry(), true);
  EXPECT_EQ(test.transport.closed, Code::kQpackDecompressionFailed);
}

TEST(H3Qpack, a_request_that_waits_may_be_cancelled) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id < 40 * 4; id += 4) {
    test.talk(id, get_with_the_first_entry());
    test.reset(id);
  }
  test.talk(WireTest::kEncoder, capacity(4096) + insertion("x-table", "v"));
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.dispatched, 0U);
  test.talk(400, get_with_the_first_entry(), true);
  EXPECT_EQ(test.status(400), "200");
}

TEST(H3Qpack, a_malformed_request_that_waited_breaks_its_stream_alone) {
  WireTest test;
  test.open();
  const std::string section = std::string("\x02\x00", 2) + testing::section({{":method", "GET"}}).substr(2) + "\x80";
  test.talk(0, frame(FrameType::kHeaders, section), true);
  test.talk(4, get_with_the_first_entry(), true);
  EXPECT_EQ(test.end(0).reset, std::nullopt);
  test.talk(WireTest::kEncoder, capacity(4096) + insertion("x-table", "v"));
  EXPECT_EQ(test.end(0).reset, Code::kMessageError);
  EXPECT_EQ(test.status(4), "200");
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

}  // namespace
}  // namespace gate::http::h3
