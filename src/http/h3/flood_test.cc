#include <gtest/gtest.h>

#include <string>

#include "http/h3/wire_for_test.h"
#include "http/multiplex/codes.h"

// What a client may do now and then but not in masses. Each flood ends the connection; the same at an honest pace does
// not.
namespace gate::http::h3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::data_frame;
using testing::frame;
using testing::FrameType;
using testing::varint;
using testing::WireTest;

void expect_cut_off(WireTest& test, std::string_view what) {
  EXPECT_EQ(test.transport.closed, Code::kExcessiveLoad);
  EXPECT_EQ(test.transport.close_reason, what);
  ASSERT_FALSE(test.violations.empty());
  EXPECT_EQ(test.violations.back(), what);
  EXPECT_EQ(test.violation_codes.back(), multiplex::kFlood.number);
  EXPECT_EQ(test.wire->exchanges(), 0U);
}

TEST(H3Flood, rapid_reset) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  quic::StreamId id = 0;
  for (; id < 4 * 400; id += 4) {
    test.talk(id, testing::get(), true);
    test.stop(id);
  }
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.talk(id, testing::get(), true);
  test.stop(id);
  expect_cut_off(test, "rapid reset");
}

TEST(H3Flood, resets_of_streams_without_a_request) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id <= 4 * 400; id += 4) test.reset(id);
  expect_cut_off(test, "rapid reset");
}

TEST(H3Flood, a_browser_that_leaves_a_page_is_none) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  quic::StreamId id = 0;
  for (int page = 0; page < 20; ++page) {
    for (int i = 0; i < 128; ++i, id += 4) test.talk(id, testing::get(), true);
    for (auto leave = id - 4 * 128; leave < id; leave += 4) {
      test.stop(leave);
      test.reset(leave);
    }
    test.advance(seconds(5));
  }
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.ended.size(), 20U * 128);
}

TEST(H3Flood, clients_that_stop_after_the_response_are_none) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id < 4 * 2000; id += 4) {
    test.talk(id, testing::post());
    EXPECT_EQ(test.end(id).stopped, Code::kNoError);
    test.reset(id, Code::kNoError);
  }
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.ended.size(), 2000U);
}

TEST(H3Flood, resets_that_the_client_causes) {
  WireTest test;
  test.open();
  quic::StreamId id = 0;
  for (; id < 4 * 200; id += 4) test.talk(id, testing::get("/", {{"connection", "close"}}), true);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.talk(id, testing::get("/", {{"connection", "close"}}), true);
  expect_cut_off(test, "resets caused by client errors");
}

TEST(H3Flood, streams_without_a_byte) {
  WireTest test;
  test.open();
  for (quic::StreamId id = 0; id <= 4 * 200; id += 4) test.talk(id, "", true);
  expect_cut_off(test, "resets caused by client errors");
}

TEST(H3Flood, empty_data_frames) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::post());
  std::string packet;
  for (int i = 0; i < 600; ++i) packet += data_frame("");
  for (int i = 0; i < 100; ++i) test.talk(0, packet);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.talk(0, packet);
  expect_cut_off(test, "empty frames flood");
}

TEST(H3Flood, data_frames_of_a_byte) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post());
  std::string packet;
  for (int i = 0; i < 400; ++i) packet += data_frame("x");
  for (int i = 0; i <= 100 && !test.transport.closed; ++i) test.talk(0, packet);
  expect_cut_off(test, "empty frames flood");
}

TEST(H3Flood, small_messages_in_frames_of_their_own_are_none) {
  WireTest test;
  Exchange* kept = nullptr;
  test.service = [&](Exchange& exchange) { kept = &exchange; };
  test.open();
  test.talk(0, testing::post());
  std::array<std::byte, 100> room;
  for (int i = 0; i < 5000; ++i) {
    test.talk(0, data_frame("x"));
    ASSERT_EQ(kept->request_body().read(room).count, 1U);
  }
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Flood, unknown_frames) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::post());
  for (int i = 0; i < 2000 && !test.transport.closed; ++i) test.talk(0, frame(0x21));
  expect_cut_off(test, "flood of unknown frames");
}

TEST(H3Flood, ignored_bytes_without_end) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::post() + varint(0x21) + varint(1 << 29));
  for (int i = 0; i <= 100 && !test.transport.closed; ++i) test.talk(0, std::string(1200, 'x'));
  expect_cut_off(test, "empty frames flood");
}

TEST(H3Flood, priorities_again_and_again) {
  WireTest test;
  test.service = [](Exchange&) {};
  test.open();
  test.talk(0, testing::get(), true);
  for (int i = 0; i < 2000 && !test.transport.closed; ++i) {
    test.talk(WireTest::kControl, frame(FrameType::kPriorityUpdate, varint(0) + "u=" + std::to_string(i % 8)));
  }
  expect_cut_off(test, "priority flood");
}

TEST(H3Flood, changes_of_the_compression_s_table) {
  WireTest test;
  test.open();
  test.talk(WireTest::kEncoder,
            testing::prefixed(0x20, 5, 4096) + testing::prefixed(0x40, 5, 1) + "a" + testing::prefixed(0, 7, 1) + "b");
  // Each byte makes a new entry of the newest.
  const std::string duplicates(1200, '\0');
  std::size_t sent = 0;
  for (quic::StreamId id = 0; sent < 1'000'000 && !test.transport.closed; sent += duplicates.size(), id += 4) {
    test.talk(WireTest::kEncoder, duplicates);
    if (sent % 48'000 == 0) test.talk(id, testing::get(), true);
  }
  expect_cut_off(test, "flood on control streams");
  EXPECT_LE(sent, 300'000U);
}

TEST(H3Flood, a_table_that_changes_with_every_request_is_none) {
  WireTest test;
  test.open();
  test.talk(WireTest::kEncoder, testing::prefixed(0x20, 5, 4096));
  for (quic::StreamId id = 0; id < 4 * 2000; id += 4) {
    const std::string value(1000, 'v');
    test.talk(WireTest::kEncoder, testing::prefixed(0x40, 5, 1) + "a" + testing::prefixed(0, 7, value.size()) + value);
    test.talk(id, testing::get(), true);
  }
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_EQ(test.ended.size(), 2000U);
}

TEST(H3Flood, windows_opened_a_few_bytes_at_a_time) {
  WireTest test;
  auto& script = test.script({.bytes = std::string(1'000'000, 'x'), .ended = true});
  test.serve(script);
  test.open();
  test.transport.at(0).window = 0;
  test.talk(0, testing::get(), true);
  int windows = 0;
  for (; windows < 1000 && !test.transport.closed; ++windows) test.open_window(0, 10);
  expect_cut_off(test, "data dribble through tiny windows");
  EXPECT_LE(windows, 301);
}

TEST(H3Flood, a_head_far_above_its_limit) {
  Limits limits;
  limits.header_bytes_max = 1000;
  WireTest test(limits);
  test.open();
  test.talk(0, testing::get("/", {{"x-much", std::string(10'000, 'a')}}), true);
  EXPECT_EQ(test.status(0), "431");
  test.talk(4, testing::get("/", {{"x-much", std::string(17'000, 'a')}}), true);
  expect_cut_off(test, "header list far above its limit");
}

TEST(H3Flood, small_references_to_a_large_entry) {
  WireTest test;
  test.open();
  const std::string value(4000, 'v');
  test.talk(WireTest::kEncoder, testing::prefixed(0x20, 5, 4096) + testing::prefixed(0x40, 5, 1) + "a" +
                                    testing::prefixed(0, 7, value.size()) + value);
  // A bomb: each byte of it is a line of 4 KB.
  const std::string bomb =
      std::string("\x02\x00", 2) + testing::section(testing::request_lines()).substr(2) + std::string(1000, '\x80');
  test.talk(0, frame(FrameType::kHeaders, bomb), true);
  expect_cut_off(test, "header list far above its limit");
}

TEST(H3Flood, a_thousand_honest_requests_are_none) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body("text");
    exchange.respond();
  };
  test.open();
  for (quic::StreamId id = 0; id < 4 * 1000; id += 4) test.talk(id, testing::get(), true);
  EXPECT_EQ(test.ended.size(), 1000U);
  EXPECT_EQ(test.transport.streams_allowed, 1000U);
  EXPECT_TRUE(test.violations.empty());
}

}  // namespace
}  // namespace gate::http::h3
