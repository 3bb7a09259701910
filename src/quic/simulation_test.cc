// Bad networks, many of them: no byte is lost, and no connection gets stuck.

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"
#include "quic/simulation_for_test.h"

namespace gate::quic {
namespace {

using for_test::Random;
using for_test::Weather;
using for_test::World;

// How many networks are tried; GATE443_SEEDS says another number (10000 take some minutes), GATE443_FIRST_SEED where to
// begin.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* asked = std::getenv(variable);
  return asked ? base::parse_number<std::uint64_t>(asked).value_or(otherwise) : otherwise;
}

std::string streams_of(const for_test::Side& side) {
  std::string text;
  for (const auto& [id, out] : side.application->sending) {
    text += "\n    stream " + std::to_string(id) + ": sent " + std::to_string(out.sent) + " of " +
            std::to_string(out.total) + ", acknowledged " + std::to_string(out.acknowledged) +
            (out.end_sent ? ", ended" : "") + (out.blocked ? ", blocked" : "") + (out.shut ? ", shut" : "");
  }
  return text;
}

std::string state_of(const World& world) {
  std::string text;
  for (const auto* side : {&world.client, &world.server}) {
    const auto& connection = *side->connection;
    const auto facts = connection.facts();
    text += "\n  " + std::string(side == &world.client ? "client" : "server") + ": state " +
            std::to_string(static_cast<int>(connection.state())) + ", sent " + std::to_string(facts.packets_sent) +
            ", received " + std::to_string(facts.packets_received) + ", lost " + std::to_string(facts.packets_lost) +
            ", payload " + std::to_string(facts.payload_bytes_max) + ", window " + std::to_string(facts.window_bytes) +
            ", at " + connection.path().local.to_string() + " to " + connection.path().peer.to_string() +
            streams_of(*side) +
            (connection.failure() ? ", failure: " + connection.failure()->what + " " + connection.failure()->why : "");
  }
  return text;
}

// Whether the client changes its address on the way.
enum class Client : std::uint8_t { kStays, kMoves };

// ngtcp2 1.24 can fall silent when a client moves while every fifth packet is lost (docs/why/quic.md), so moving
// clients get networks that lose less.
Weather weather_of(Random& random, Client client) {
  Weather weather;
  weather.loss = static_cast<double>(random.below(client == Client::kMoves ? 3 : 20)) / 100;
  weather.doubling = static_cast<double>(random.below(10)) / 100;
  weather.corruption = client == Client::kMoves ? 0 : static_cast<double>(random.below(5)) / 100;
  weather.delay = std::chrono::milliseconds(1 + random.below(80));
  weather.jitter = std::chrono::microseconds(random.below(30'000));
  weather.payload_max = 1200 + random.below(300);
  return weather;
}

void try_network(std::uint64_t seed, Client client) {
  Random random(seed);
  World world(random.next(), weather_of(random, client), {.idle_timeout = std::chrono::seconds(300)});
  world.demand_proof = random.chance(0.3);
  world.settings.congestion = random.chance(0.3) ? CongestionControl::kBbr : CongestionControl::kCubic;
  world.settings.handshake_timeout = std::chrono::seconds(120);
  world.connect();
  ASSERT_TRUE(world.open(std::chrono::seconds(200))) << "no handshake with seed " << seed;
  const std::uint64_t streams = 1 + random.below(6);
  for (std::uint64_t i = 0; i < streams; ++i) world.ask(random.below(60'000));
  const std::uint64_t move_after = random.below(40'000);
  bool moved = client == Client::kStays;
  const bool done = world.run_until(
      [&] {
        if (!moved && world.client.asker().bytes_back >= move_after) {
          moved = true;
          world.client_path.local.port = 50'000;
          if (!world.client.connection->migrate(world.client_path, world.clock.now())) {
            world.client_path.local.port = 40'000;  // no id to move with has come yet
          }
          world.pump(world.client);
        }
        return world.client.asker().complete();
      },
      std::chrono::seconds(900));
  ASSERT_TRUE(done) << "stuck with seed " << seed << " after " << world.client.asker().bytes_back << " bytes"
                    << state_of(world);
  ASSERT_FALSE(world.client.asker().wrong) << "wrong bytes with seed " << seed;
}

class Simulation : public testing::TestWithParam<Client> {};

TEST_P(Simulation, LosesNoByteAndGetsNeverStuck) {
  constexpr std::uint64_t kSeeds = 100;
  const std::uint64_t first = number_from("GATE443_FIRST_SEED", 1);
  const std::uint64_t count = number_from("GATE443_SEEDS", kSeeds);
  for (std::uint64_t seed = first; seed < first + count && !HasFatalFailure(); ++seed) try_network(seed, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Clients, Simulation, testing::Values(Client::kStays, Client::kMoves),
                         [](const auto& each) { return each.param == Client::kStays ? "Staying" : "Moving"; });

}  // namespace
}  // namespace gate::quic
