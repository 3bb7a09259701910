#include "feature/proxy/upstream.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/testing/fake_exchange.h"

namespace gate::proxy {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Le;

class NoRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{1}); }
};

// Servers "a", "b", … of a statement, on a loop whose clock stands still until it is moved.
class UpstreamTest : public testing::Test {
 protected:
  UpstreamTest() {
    clock_.instant += 24h;
    loop_ = *loop::Loop::create(clock_);
    context_ = std::make_unique<client::Context>(*loop_, *buffers_, time_, random_, *client::Resolver::create(*loop_));
  }

  void add(std::string_view name, std::uint32_t weight = 1, bool backup = false) {
    settings_.servers.push_back({.address = *client::ServerAddress::parse(name), .weight = weight, .backup = backup});
  }

  Upstream& upstream() {
    if (!upstream_) upstream_ = std::make_unique<Upstream>(settings_, *context_);
    return *upstream_;
  }
  Server& server(std::size_t index) { return upstream().servers()[index]; }

  std::string choose(Choice choice = {}) {
    constexpr std::array<bool, 8> kNone{};
    choice.tried = kNone;
    const Server* chosen = upstream().choose(choice);
    return chosen ? chosen->settings->address.host : "none";
  }
  std::map<std::string, int> choices(int count) {
    std::map<std::string, int> found;
    for (int i = 0; i < count; ++i) ++found[choose()];
    return found;
  }

  void pass(base::Duration time) {
    clock_.instant += time;
    loop_->turn(clock_.instant);
  }

  http::testing::FakeClock clock_;
  NoRandom random_;
  http::TurnTime time_;
  std::unique_ptr<net::TurnBuffers> buffers_ = std::make_unique_for_overwrite<net::TurnBuffers>();
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<client::Context> context_;
  ProxySettings settings_;
  std::unique_ptr<Upstream> upstream_;
};

TEST_F(UpstreamTest, takes_servers_in_turn_by_their_weights) {
  settings_.balance = Balance::kRoundRobin;
  add("a:80", 5);
  add("b:80", 1);
  add("c:80", 1);
  std::string order;
  for (int i = 0; i < 7; ++i) order += choose();
  EXPECT_EQ(order, "aabacaa") << "the heavy one is spread out";
}

TEST_F(UpstreamTest, takes_the_server_with_the_fewest_requests_for_its_weight) {
  settings_.balance = Balance::kLeastConnections;
  add("a:80", 4);
  add("b:80", 1);
  server(0).record->in_flight = 2;
  EXPECT_EQ(choose(), "a");
  server(0).record->in_flight = 4;
  EXPECT_EQ(choose(), "b");
}

TEST_F(UpstreamTest, takes_the_server_that_answers_soonest) {
  settings_.balance = Balance::kLeastTime;
  add("a:80");
  add("b:80");
  upstream().note_success(server(0), 100ms);
  upstream().note_success(server(1), 10ms);
  EXPECT_EQ(choose(), "b");
  server(1).record->in_flight = 20;
  EXPECT_EQ(choose(), "a") << "ten times faster, and twenty times as busy";
}

TEST_F(UpstreamTest, the_less_busy_of_two_by_chance_is_never_the_busiest) {
  settings_.balance = Balance::kRandomTwo;
  for (const auto* name : {"a:80", "b:80", "c:80"}) add(name);
  server(1).record->in_flight = 9;
  const auto found = choices(300);
  EXPECT_FALSE(found.contains("b"));
  EXPECT_THAT((std::vector{found.at("a"), found.at("c")}), Each(Ge(60)));
}

TEST_F(UpstreamTest, a_server_that_goes_moves_only_its_own_keys) {
  settings_.balance = Balance::kHash;
  for (const auto* name : {"a:80", "b:80", "c:80", "d:80"}) add(name);
  std::map<std::uint64_t, std::string> before;
  std::map<std::string, int> shares;
  for (std::uint64_t key = 0; key < 1000; ++key) ++shares[before[key] = choose({.hash = key})];
  for (const auto& [name, share] : shares) EXPECT_THAT(share, AllOf(Ge(180), Le(320))) << name;

  server(2).record->drained = true;
  std::erase_if(before, [](const auto& each) { return each.second == "c"; });
  for (const auto& [key, name] : before) EXPECT_EQ(choose({.hash = key}), name) << key;
}

TEST_F(UpstreamTest, a_cookie_leads_back_to_its_server_while_that_is_well) {
  settings_.balance = Balance::kSticky;
  for (const auto* name : {"a:80", "b:80", "c:80"}) add(name);
  const auto cookie = fmt::format("{:016x}", server(1).name_hash);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(choose({.sticky = cookie}), "b");
  server(1).record->healthy = false;
  for (int i = 0; i < 20; ++i) EXPECT_NE(choose({.sticky = cookie}), "b");
}

TEST_F(UpstreamTest, backups_serve_only_while_no_other_can) {
  add("a:80");
  add("b:80", 1, true);
  EXPECT_EQ(choices(20), (std::map<std::string, int>{{"a", 20}}));
  server(0).record->healthy = false;
  EXPECT_EQ(choose(), "b");
}

TEST_F(UpstreamTest, a_server_that_fails_in_a_row_is_left_alone_longer_each_time) {
  settings_.eject = {.failures = 3, .time = 10s, .time_max = 25s};
  add("a:80");
  add("b:80");
  for (int i = 0; i < 2; ++i) upstream().note_failure(server(0));
  EXPECT_TRUE(choices(50).contains("a"));
  for (const auto left_alone : {10s, 20s, 25s}) {
    upstream().note_failure(server(0));
    EXPECT_FALSE(choices(50).contains("a"));
    pass(left_alone - 1s);
    EXPECT_FALSE(choices(50).contains("a")) << "one failure is enough after the first time";
    pass(2s);
    EXPECT_TRUE(choices(50).contains("a"));
  }
}

TEST_F(UpstreamTest, a_server_that_fails_is_better_than_none_but_one_that_was_found_ill_is_not) {
  settings_.eject = {.failures = 1, .time = 10s, .time_max = 10s};
  add("a:80");
  upstream().note_failure(server(0));
  EXPECT_EQ(choose(), "a");
  server(0).record->healthy = false;
  EXPECT_EQ(choose(), "none");
}

TEST_F(UpstreamTest, a_server_that_has_come_back_grows_to_its_share) {
  settings_.balance = Balance::kRoundRobin;
  settings_.slow_start = 100s;
  add("a:80");
  add("b:80");
  EXPECT_EQ(choices(20)["a"], 10) << "at the start all are as cold";
  server(0).record->recovered_at = loop_->now();
  EXPECT_EQ(choices(110)["a"], 10) << "a tenth of the other's";
  pass(50s);
  EXPECT_EQ(choices(90)["a"], 30) << "half of it";
  pass(50s);
  EXPECT_EQ(choices(20)["a"], 10);
}

TEST_F(UpstreamTest, an_ejected_server_starts_slowly_too) {
  settings_.balance = Balance::kRoundRobin;
  settings_.slow_start = 100s;
  settings_.eject = {.failures = 1, .time = 10s, .time_max = 10s};
  add("a:80");
  add("b:80");
  upstream().note_failure(server(0));
  pass(10s);
  EXPECT_EQ(choices(110)["a"], 10);
}

TEST_F(UpstreamTest, retries_are_a_fifth_of_the_requests) {
  add("a:80");
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    upstream().earn_retry();
    taken += upstream().take_retry() ? 1 : 0;
  }
  EXPECT_THAT(taken, AllOf(Ge(200), Le(211))) << "and ten to begin with";
}

}  // namespace
}  // namespace gate::proxy
