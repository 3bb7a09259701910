#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// Responses under the client's windows, priorities and the connection's budget.
namespace gate::http::h2 {
namespace {

using testing::RawClient;
using testing::ScriptedBody;
using testing::WireTest;

// A body of `length` bytes at once; the service finds the size in the path: "/1000".
void serve_bytes(WireTest& test) {
  test.service = [](Exchange& exchange) {
    const auto size = base::parse_number<std::size_t>(exchange.request.path.substr(1)).value();
    const auto text = exchange.arena().allocate(size);
    std::fill(text.begin(), text.end(), std::byte{'x'});
    exchange.response.body = exchange.make_text_body(base::as_text(text));
    exchange.respond();
  };
}

// The order in which DATA came, one stream id a frame.
std::vector<std::uint32_t> data_order(const WireTest& test) {
  std::vector<std::uint32_t> order;
  for (const auto& frame : test.frames) {
    if (frame.header.type == FrameType::kData) order.push_back(frame.header.stream_id);
  }
  return order;
}

TEST(H2FlowControl, the_stream_window_is_kept) {
  WireTest test;
  test.open(RawClient::setting(4, 10));
  serve_bytes(test);
  test.talk(test.client.get(1, "/25"));
  EXPECT_EQ(test.body_of(1).size(), 10u);
  test.talk(RawClient::window_update(1, 14));
  EXPECT_EQ(test.body_of(1).size(), 24u);
  EXPECT_FALSE(test.frames.back().ends_stream());
  test.talk(RawClient::window_update(1, 1));
  EXPECT_EQ(test.body_of(1).size(), 25u);
  EXPECT_TRUE(test.frames.back().ends_stream());
}

TEST(H2FlowControl, the_connection_window_is_kept) {
  WireTest test;
  test.open(RawClient::setting(4, 1'000'000));
  serve_bytes(test);
  test.talk(test.client.get(1, "/100000"));
  EXPECT_EQ(test.body_of(1).size(), 65'535u);
  test.talk(RawClient::window_update(0, 1000));
  EXPECT_EQ(test.body_of(1).size(), 66'535u);
}

TEST(H2FlowControl, a_window_of_nothing_still_lets_heads_and_empty_ends_through) {
  WireTest test;
  test.open(RawClient::setting(4, 0));
  serve_bytes(test);
  test.talk(test.client.get(1, "/5") + test.client.get(3, "/0"));
  EXPECT_EQ(test.status_of(1), "200");
  EXPECT_EQ(test.body_of(1), "");
  EXPECT_TRUE(test.find(FrameType::kHeaders, 3)->ends_stream());
}

TEST(H2FlowControl, settings_may_shrink_a_window_below_zero_and_open_it_again) {
  WireTest test;
  test.open(RawClient::setting(4, 100));
  serve_bytes(test);
  test.talk(test.client.get(1, "/1000"));
  EXPECT_EQ(test.body_of(1).size(), 100u);
  test.talk(RawClient::settings(RawClient::setting(4, 50)));
  test.talk(RawClient::window_update(1, 50));
  EXPECT_EQ(test.body_of(1).size(), 100u) << "the window is at zero now";
  test.talk(RawClient::settings(RawClient::setting(4, 60)));
  EXPECT_EQ(test.body_of(1).size(), 110u);
}

TEST(H2FlowControl, a_slow_reader_of_one_stream_does_not_stop_the_others) {
  WireTest test;
  test.open(RawClient::setting(4, 100));
  serve_bytes(test);
  test.talk(test.client.get(1, "/1000") + test.client.get(3, "/50"));
  EXPECT_EQ(test.body_of(3).size(), 50u);
}

TEST(H2FlowControl, frames_are_no_larger_than_the_client_s_limit) {
  WireTest test;
  test.open();
  serve_bytes(test);
  test.talk(test.client.get(1, "/60000"));
  for (const auto& frame : test.frames) EXPECT_LE(frame.header.length, 16'384u);
  EXPECT_EQ(test.body_of(1).size(), 60'000u);
}

TEST(H2FlowControl, production_stops_soon_after_its_budget) {
  WireTest test;
  test.open(RawClient::setting(4, 1'000'000) + RawClient::setting(3, 100));
  test.talk(RawClient::window_update(0, 10'000'000));
  serve_bytes(test);
  test.send(test.client.get(1, "/900000"));
  base::Buffer out;
  test.wire->produce(out, 65'536);
  EXPECT_GE(out.size(), 65'536u);
  EXPECT_LT(out.size(), 65'536u + 16'384 + 1000);
}

TEST(H2FlowControl, production_appends_to_what_is_there) {
  WireTest test;
  test.open();
  serve_bytes(test);
  test.send(test.client.get(1, "/100"));
  base::Buffer out;
  out.append("before");
  test.wire->produce(out, 65'536);
  EXPECT_TRUE(base::as_text(out.view()).starts_with("before"));
  out.consume(6);
  const auto frames = test.client.parse(base::as_text(out.view()));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].payload.size(), 100u);
}

// --- RFC 9218

// Four streams of three full frames each, all ready at once; yields the order of their DATA.
std::vector<std::uint32_t> order_of(const std::vector<std::string>& priorities, std::string_view updates = {}) {
  WireTest test;
  test.open(RawClient::setting(4, 1'000'000));
  test.talk(RawClient::window_update(0, 10'000'000));
  serve_bytes(test);
  std::string requests;
  for (std::uint32_t i = 0; i < priorities.size(); ++i) {
    testing::Lines lines;
    if (!priorities[i].empty()) lines.emplace_back("priority", priorities[i]);
    requests += test.client.get(2 * i + 1, "/49152", lines);
  }
  test.talk(requests + std::string(updates));
  EXPECT_EQ(test.ended.size(), priorities.size());
  return data_order(test);
}

using Order = std::vector<std::uint32_t>;

TEST(H2Priority, streams_are_served_one_after_the_other_by_default) {
  EXPECT_EQ(order_of({"", "", ""}), (Order{1, 1, 1, 3, 3, 3, 5, 5, 5}));
}

TEST(H2Priority, urgent_streams_come_first) {
  EXPECT_EQ(order_of({"u=5", "u=0", "u=3"}), (Order{3, 3, 3, 5, 5, 5, 1, 1, 1}));
}

TEST(H2Priority, incremental_streams_share) {
  EXPECT_EQ(order_of({"i", "i", "i"}), (Order{1, 3, 5, 1, 3, 5, 1, 3, 5}));
}

TEST(H2Priority, incremental_streams_do_not_overtake_more_urgent_ones) {
  EXPECT_EQ(order_of({"u=4, i", "u=2, i", "u=4, i"}), (Order{3, 3, 3, 1, 5, 1, 5, 1, 5}));
}

TEST(H2Priority, nonsense_is_ignored) {
  EXPECT_EQ(order_of({"u=9", "%%", "u=-1"}), (Order{1, 1, 1, 3, 3, 3, 5, 5, 5}));
}

TEST(H2Priority, an_update_changes_the_order) {
  const auto update = RawClient::frame(FrameType::kPriorityUpdate, 0, 0, RawClient::number(5, 4) + "u=0");
  EXPECT_EQ(order_of({"", "", ""}, update), (Order{5, 5, 5, 1, 1, 1, 3, 3, 3}));
}

TEST(H2Priority, an_update_may_come_before_its_request) {
  WireTest test;
  test.open(RawClient::setting(4, 1'000'000));
  test.talk(RawClient::window_update(0, 10'000'000));
  serve_bytes(test);
  test.talk(RawClient::frame(FrameType::kPriorityUpdate, 0, 0, RawClient::number(3, 4) + "u=0") +
            test.client.get(1, "/20000") + test.client.get(3, "/20000"));
  EXPECT_EQ(data_order(test), (Order{3, 3, 1, 1}));
}

TEST(H2Priority, a_stream_whose_body_waits_gives_way) {
  WireTest test;
  test.open();
  auto& slow = test.script();
  test.service = [&](Exchange& exchange) {
    if (exchange.stream_id == 1) {
      exchange.response.body = exchange.make_body<ScriptedBody>(slow, exchange.arena());
    } else {
      exchange.response.body = exchange.make_text_body("quick");
    }
    exchange.respond();
  };
  test.talk(test.client.get(1, "/", {{"priority", "u=0"}}) + test.client.get(3, "/", {{"priority", "u=7"}}));
  EXPECT_EQ(test.body_of(3), "quick");
  slow.add("slow");
  slow.end();
  test.receive();
  EXPECT_EQ(test.body_of(1), "slow");
}

}  // namespace
}  // namespace gate::http::h2
