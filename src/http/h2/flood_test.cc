#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "http/h2/wire_for_test.h"
#include "http/multiplex/codes.h"

// Each flood of RFC 9113 10.5 that is known by name: it ends with ENHANCE_YOUR_CALM, after a bounded number of frames
// and with bounded memory; and honest clients stay clear of every limit.
namespace gate::http::h2 {
namespace {

using std::chrono::milliseconds;
using testing::Lines;
using testing::RawClient;
using testing::ScriptedBody;
using testing::WireTest;

struct Flood {
  const char* name;
  // The bytes of the nth round.
  std::function<std::string(RawClient&, std::uint32_t round)> round;
  std::string what;
  std::uint32_t rounds_max;
};

std::uint32_t id_of(std::uint32_t round) { return 2 * round + 11; }

class H2Flood : public ::testing::TestWithParam<Flood> {};

TEST_P(H2Flood, is_ended_with_enhance_your_calm) {
  WireTest test;
  test.open(RawClient::setting(4, 1));
  auto& script = test.script({.bytes = std::string(100'000, 'x')});
  test.service = [&](Exchange& exchange) {
    if (exchange.stream_id == 1) return;
    if (exchange.stream_id != 3) return exchange.respond();
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.post(1) + test.client.get(3));
  std::uint32_t round = 0;
  while (round < GetParam().rounds_max && !test.goaway()) test.talk(GetParam().round(test.client, round++));
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm)) << "after " << round << " rounds";
  EXPECT_GT(round, 10u) << "that was no flood yet";
  ASSERT_FALSE(test.violations.empty());
  EXPECT_EQ(test.violations.back(), GetParam().what);
  EXPECT_EQ(test.violation_codes.back(), multiplex::kFlood.number);
  EXPECT_EQ(test.wire->exchanges(), 0u);
}

TEST_P(H2Flood, is_ended_within_one_receive_as_well) {
  WireTest test;
  test.open();
  test.service = [&](Exchange&) {};
  test.talk(test.client.post(1) + test.client.get(3));
  std::string input;
  for (std::uint32_t round = 0; round < GetParam().rounds_max; ++round) input += GetParam().round(test.client, round);
  test.talk(input);
  EXPECT_TRUE(test.goaway().has_value());
  EXPECT_TRUE(test.wire->finished());
  EXPECT_LT(test.produced_bytes, 100'000u);
}

using R = RawClient;

INSTANTIATE_TEST_SUITE_P(
    All, H2Flood,
    ::testing::Values(
        Flood{"rapid_reset_CVE_2023_44487",
              [](RawClient& c, std::uint32_t n) { return c.post(id_of(n)) + R::reset(id_of(n)); }, "rapid reset", 1000},
        Flood{"made_you_reset_CVE_2025_8671_by_window_overflow",
              [](RawClient& c, std::uint32_t n) { return c.post(id_of(n)) + R::window_update(id_of(n), 0x7fff'ffff); },
              "resets caused by client errors", 1000},
        Flood{"made_you_reset_CVE_2025_8671_by_length",
              [](RawClient& c, std::uint32_t n) {
                return c.post(id_of(n), {{"content-length", "1"}}) + R::data(id_of(n), "xx");
              },
              "resets caused by client errors", 1000},
        Flood{"reset_flood_CVE_2019_9514_by_malformed_heads",
              [](RawClient& c, std::uint32_t n) { return c.headers(id_of(n), {{":method", "GET"}}); },
              "resets caused by client errors", 1000},
        Flood{"empty_names_CVE_2019_9516",
              [](RawClient& c, std::uint32_t n) { return c.get(id_of(n), "/", Lines(20, {"", ""})); },
              "resets caused by client errors", 1000},
        Flood{"ping_CVE_2019_9512", [](RawClient&, std::uint32_t) { return R::ping(); }, "ping flood", 1000},
        Flood{"settings_CVE_2019_9515", [](RawClient&, std::uint32_t) { return R::settings(); }, "settings flood",
              1000},
        Flood{"priority_CVE_2019_9513",
              [](RawClient&, std::uint32_t n) {
                return R::frame(FrameType::kPriority, 0, id_of(n), R::number(0, 4) + "\x10");
              },
              "priority flood", 3000},
        Flood{"priority_update",
              [](RawClient&, std::uint32_t n) {
                return R::frame(FrameType::kPriorityUpdate, 0, 0, R::number(1, 4) + (n % 2 ? "u=1" : "u=2"));
              },
              "priority flood", 3000},
        Flood{"empty_data_CVE_2019_9518", [](RawClient&, std::uint32_t) { return R::data(1, ""); },
              "empty frames flood", 1000},
        Flood{"padding_only_CVE_2019_9518",
              [](RawClient&, std::uint32_t) {
                return R::frame(FrameType::kData, kFlagPadded, 1, std::string("\x03\0\0\0", 4));
              },
              "empty frames flood", 1000},
        Flood{"unknown_frames", [](RawClient&, std::uint32_t) { return R::frame(0x42, 0, 0, "x"); },
              "flood of unknown frames", 1000},
        Flood{"window_updates", [](RawClient&, std::uint32_t) { return R::window_update(0, 1); }, "window update flood",
              5000},
        Flood{"resets_of_closed_streams",
              [](RawClient& c, std::uint32_t n) { return (n == 0 ? c.get(11) : std::string()) + R::reset(11); },
              "flood of frames on closed streams", 3000},
        Flood{"goaways",
              [](RawClient&, std::uint32_t) { return R::frame(FrameType::kGoaway, 0, 0, std::string(8, '\0')); },
              "flood of frames on closed streams", 3000}),
    [](const auto& given) { return given.param.name; });

TEST(H2Floods, data_dribble_CVE_2019_9511_through_tiny_windows) {
  WireTest test;
  test.open(RawClient::setting(4, 1));
  auto& script = test.script({.bytes = std::string(1'000'000, 'x')});
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.get(1));
  int rounds = 0;
  while (rounds < 2000 && !test.goaway()) {
    test.talk(RawClient::window_update(1, 1));
    ++rounds;
  }
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
  EXPECT_EQ(test.violations.back(), "data dribble through tiny windows");
  EXPECT_GT(rounds, 10);
}

TEST(H2Floods, continuations_without_end_CVE_2024_27316) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16'384}}) {
    WireTest test;
    test.open();
    test.send(RawClient::frame(FrameType::kHeaders, 0, 1, test.client.block(RawClient::request_lines())));
    int frames = 0;
    while (frames < 1000 && test.wants_read()) {
      test.send(RawClient::frame(FrameType::kContinuation, 0, 1, std::string(size, '\x82')));
      ++frames;
    }
    test.receive();
    EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm)) << size;
    EXPECT_LT(frames, 100);
    EXPECT_EQ(test.dispatched, 0u);
    EXPECT_EQ(test.violations.size(), size == 0 ? 1u : 2u) << "a second :method beside the flood";
    EXPECT_EQ(test.violations.back(), "CONTINUATION flood");
  }
}

TEST(H2Floods, continuations_of_a_stream_that_is_ignored_end_as_well) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.post(1) + RawClient::reset(1));
  test.send(RawClient::frame(FrameType::kHeaders, 0, 1, "\x82"));
  int frames = 0;
  while (frames < 1000 && test.wants_read()) {
    test.send(RawClient::frame(FrameType::kContinuation, 0, 1, "\x82"));
    ++frames;
  }
  test.receive();
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
}

// CVE-2016-6581: one byte on the wire, a whole table entry after decoding.
TEST(H2Floods, an_hpack_bomb_is_ended) {
  WireTest test;
  test.open();
  // A literal with incremental indexing: name "x", a value of 4000 bytes; then references to it.
  std::string block = test.client.block(RawClient::request_lines());
  block += std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'v') + std::string(60'000, '\xbe');
  std::string input;
  auto type = FrameType::kHeaders;
  for (std::string_view rest = block; !rest.empty(); type = FrameType::kContinuation) {
    const auto part = rest.substr(0, 16'384);
    rest.remove_prefix(part.size());
    input += RawClient::frame(type, rest.empty() ? kFlagEndHeaders : 0, 1, part);
  }
  test.talk(input);
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
  EXPECT_EQ(test.dispatched, 0u);
}

TEST(H2Floods, a_client_that_does_not_read_its_acknowledgements_CVE_2019_9517_is_not_read_either) {
  Limits limits;
  WireTest test(limits);
  test.open();
  std::size_t frames = 0;
  while (test.wants_read() && frames < 10'000) {
    test.send(RawClient::ping());  // nothing is produced
    ++frames;
  }
  EXPECT_LT(frames, 1000u);
}

TEST(H2Floods, too_many_settings_in_one_frame_CVE_2020_11080) {
  WireTest test;
  test.open();
  std::string entries;
  for (int i = 0; i < 1000; ++i) entries += RawClient::setting(3, 100);
  test.talk(RawClient::settings(entries));
  EXPECT_TRUE(test.closed_with(Code::kEnhanceYourCalm));
}

// --- honest clients

TEST(H2Floods, leaving_a_page_with_all_streams_open_is_no_attack) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  std::uint32_t id = 1;
  for (int page = 0; page < 20; ++page) {
    const std::uint32_t first = id;
    std::string requests;
    for (int i = 0; i < 100; ++i, id += 2) requests += test.client.get(id);
    test.talk(requests);
    std::string resets;
    for (std::uint32_t each = first; each < id; each += 2) resets += RawClient::reset(each);
    test.talk(resets);
    test.advance(milliseconds(3000));
  }
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Floods, a_window_update_for_every_data_frame_is_no_attack) {
  WireTest test;
  test.open(RawClient::setting(4, 1'000'000));
  auto& script = test.script();
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
    exchange.respond();
  };
  test.talk(test.client.get(1));
  for (int i = 0; i < 20'000; ++i) {
    script.add("an event");
    test.receive();
    test.talk(RawClient::window_update(0, 8) + RawClient::window_update(1, 8));
  }
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Floods, ten_thousand_requests_are_no_attack) {
  WireTest test;
  test.open();
  for (std::uint32_t id = 1; id < 20'000; id += 2) {
    test.talk(test.client.get(id) + RawClient::window_update(0, 100) + RawClient::window_update(id, 100));
    test.frames.clear();
  }
  EXPECT_EQ(test.ended.size(), 10'000u);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H2Floods, small_messages_uploaded_one_by_one_are_no_attack) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.post(1));
  for (int i = 0; i < 10'000; ++i) test.talk(RawClient::data(1, "m"));
  EXPECT_EQ(test.goaway(), std::nullopt);
}

TEST(H2Floods, a_ping_every_second_is_no_attack) {
  WireTest test;
  test.open();
  test.service = [](Exchange&) {};
  test.talk(test.client.get(1));
  for (int i = 0; i < 3000; ++i) {
    test.talk(RawClient::ping());
    test.advance(milliseconds(1000));
  }
  EXPECT_EQ(test.goaway(), std::nullopt);
}

}  // namespace
}  // namespace gate::http::h2
