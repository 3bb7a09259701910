#include "client/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace gate::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;

class SeededRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(engine_()); });
  }

 private:
  std::mt19937 engine_;
};

base::Endpoint at(std::string_view address) { return {*base::IpAddress::parse(address), 80}; }

TEST(Addresses, of_both_families_take_turns_and_the_first_stays_the_first) {
  EXPECT_THAT(interleaved({at("::1"), at("::2"), at("::3"), at("127.0.0.1")}),
              ElementsAre(at("::1"), at("127.0.0.1"), at("::2"), at("::3")));
  EXPECT_THAT(interleaved({at("127.0.0.1"), at("127.0.0.2"), at("::1"), at("::2")}),
              ElementsAre(at("127.0.0.1"), at("::1"), at("127.0.0.2"), at("::2")));
  EXPECT_TRUE(interleaved({}).empty());
}

TEST(Targets, are_tried_by_priority) {
  SeededRandom random;
  std::string order;
  for (const auto& each : ordered({{"c", 80, 30, 9}, {"a", 80, 10, 0}, {"b", 80, 20, 1}}, random)) order += each.host;
  EXPECT_EQ(order, "abc");
}

TEST(Targets, of_one_priority_are_the_first_as_often_as_their_weights_say) {
  SeededRandom random;
  std::map<std::string, int> first;
  for (int i = 0; i < 4000; ++i)
    ++first[ordered({{"a", 80, 1, 10}, {"b", 80, 1, 30}, {"z", 80, 2, 99}}, random)[0].host];
  EXPECT_THAT(first["a"], AllOf(Ge(880), Le(1200)));
  EXPECT_EQ(first["a"] + first["b"], 4000);
}

TEST(Targets, without_weight_have_a_small_chance) {
  SeededRandom random;
  std::map<std::string, int> first;
  for (int i = 0; i < 4000; ++i) ++first[ordered({{"a", 80, 1, 99}, {"b", 80, 1, 0}}, random)[0].host];
  EXPECT_THAT(first["b"], AllOf(Ge(10), Le(90)));
}

}  // namespace
}  // namespace gate::client
