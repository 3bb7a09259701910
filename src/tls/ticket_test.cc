#include <gtest/gtest.h>

#include "tls/engine.h"
#include "tls/pair_for_test.h"
#include "tls/ticket_keys.h"
#include "tls/ticket_sealer.h"

namespace gate::tls {
namespace {

using namespace std::chrono_literals;
using for_test::Certificates;
using for_test::example_settings;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(TicketKeys, keep_two_rotations_of_old_keys) {
  for_test::Random random;
  TicketKeys first = TicketKeys::generate(random, kNow);
  const TicketKeys second = first.rotated(random, kNow + 12h);
  const TicketKeys third = second.rotated(random, kNow + 24h);
  const TicketKeys fourth = third.rotated(random, kNow + 36h);
  ASSERT_EQ(third.keys().size(), 3U);
  EXPECT_EQ(third.keys()[2].name, first.keys()[0].name);
  ASSERT_EQ(fourth.keys().size(), 3U);
  EXPECT_EQ(fourth.keys()[2].name, second.keys()[0].name);
}

TEST(TicketKeys, are_due_after_half_a_day_and_when_the_clock_was_set_back) {
  for_test::Random random;
  const TicketKeys keys = TicketKeys::generate(random, kNow);
  EXPECT_FALSE(keys.rotation_is_due(kNow));
  EXPECT_FALSE(keys.rotation_is_due(kNow + 12h - 1s));
  EXPECT_TRUE(keys.rotation_is_due(kNow + 12h));
  EXPECT_TRUE(keys.rotation_is_due(kNow - 1s));
}

TEST(TicketKeys, drop_keys_whose_tickets_have_all_run_out) {
  for_test::Random random;
  const TicketKeys first = TicketKeys::generate(random, kNow);
  EXPECT_EQ(first.rotated(random, kNow + 36h - 1s).keys().size(), 2U);
  EXPECT_EQ(first.rotated(random, kNow + 36h).keys().size(), 1U);
}

TEST(TicketSealer, opens_what_it_sealed_and_nothing_else) {
  const TicketSealer sealer(for_test::fresh_ticket_keys());
  const TicketSealer stranger(for_test::fresh_ticket_keys());
  const std::string state = "session state";
  std::array<std::byte, 256> ticket, opened;
  const auto size = sealer.seal(ticket, base::as_bytes(state));
  ASSERT_EQ(size, state.size() + TicketSealer::kOverhead);
  const auto whole = std::span(ticket).first(*size);
  const auto back = sealer.open(opened, whole);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(base::as_text(std::span(opened).first(*back)), state);
  EXPECT_FALSE(stranger.open(opened, whole).has_value());
  for (std::size_t i = 0; i < *size; ++i) {
    ticket[i] ^= std::byte{1};
    EXPECT_FALSE(sealer.open(opened, whole).has_value()) << i;
    ticket[i] ^= std::byte{1};
    EXPECT_FALSE(sealer.open(opened, whole.first(i)).has_value()) << i;
  }
}

TEST(TicketSealer, writes_nothing_beyond_its_room) {
  const TicketSealer sealer(for_test::fresh_ticket_keys());
  std::array<std::byte, TicketSealer::kOverhead + 4> exact;
  EXPECT_FALSE(sealer.seal(std::span(exact).first(exact.size() - 1), base::as_bytes("four")).has_value());
  EXPECT_TRUE(sealer.seal(exact, base::as_bytes("four")).has_value());
}

class Resumption : public testing::TestWithParam<std::uint16_t> {
 protected:
  static constexpr std::string_view kAnswer = "an answer";

  std::shared_ptr<ClientContext> client() const { return make_client({.version_max = GetParam()}); }

  // A full handshake with `server`, and the session it leaves.
  Session session_of(const std::shared_ptr<ServerContext>& server, const std::string& name = "example.com") const {
    Pair pair(server, client(), {name});
    GATE_CHECK(pair.handshake() && !pair.facts().resumed && pair.to_client(kAnswer) == kAnswer);
    auto session = pair.client.engine.take_session();
    GATE_CHECK(session.has_value());
    return *std::move(session);
  }

  bool resumes(const std::shared_ptr<ServerContext>& server, const Session& session,
               const std::string& name = "example.com") const {
    Pair pair(server, client(), {name, &session});
    GATE_CHECK(pair.handshake() && pair.to_client(kAnswer) == kAnswer);
    EXPECT_EQ(pair.facts().resumed, pair.client.engine.facts().resumed);
    EXPECT_EQ(pair.facts().signature == 0, pair.facts().resumed);
    return pair.facts().resumed;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(kTls12, kTls13));

TEST_P(Resumption, works_and_gives_a_further_ticket) {
  const auto server = make_server(example_settings());
  const Session session = session_of(server);
  EXPECT_TRUE(resumes(server, session));
}

TEST_P(Resumption, survives_two_rotations_and_a_new_context) {
  for_test::Random random;
  auto settings = example_settings();
  const Session session = session_of(make_server(settings));
  const TicketKeys next = settings.ticket_keys.rotated(random, std::chrono::system_clock::now());
  const TicketKeys after = next.rotated(random, std::chrono::system_clock::now());
  const TicketKeys last = after.rotated(random, std::chrono::system_clock::now());
  const auto server = make_server(example_settings());
  EXPECT_FALSE(resumes(server, session)) << "other keys";
  server->use_ticket_keys(after);
  EXPECT_TRUE(resumes(server, session));
  server->use_ticket_keys(last);
  EXPECT_FALSE(resumes(server, session));
}

TEST_P(Resumption, never_crosses_to_another_policy_for_clients) {
  auto settings = example_settings();
  const Session session = session_of(make_server(settings));
  settings.sites[0].policy.ticket_scope = "client certificates required";
  const auto strict = make_server({.sites = settings.sites, .ticket_keys = settings.ticket_keys, .key_log = {}});
  EXPECT_FALSE(resumes(strict, session));
}

TEST_P(Resumption, never_crosses_to_another_name) {
  auto settings = example_settings();
  settings.sites[0].names.push_back("www.example.com");
  const auto server = make_server(settings);
  const Session session = session_of(server);
  EXPECT_FALSE(resumes(server, session, "www.example.com"));
  EXPECT_TRUE(resumes(server, session));
}

}  // namespace
}  // namespace gate::tls
