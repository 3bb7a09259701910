#include "quic/connection.h"

#include <gtest/gtest.h>

#include "quic/packet_protection.h"
#include "quic/simulation_for_test.h"

namespace gate::quic {
namespace {

using for_test::Weather;
using for_test::World;

TEST(Connection, CarriesAStreamThereAndBack) {
  World world(1);
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(100'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_FALSE(world.client.asker().wrong);
  EXPECT_EQ(world.client.asker().bytes_back, 100'000U);
}

TEST(Connection, KnowsTheFactsOfItsHandshake) {
  World world(2);
  world.connect();
  ASSERT_TRUE(world.open());
  const auto& facts = world.server.connection->tls_facts();
  EXPECT_EQ(facts.version, 0x0304);
  EXPECT_EQ(facts.alpn, tls::Alpn::kHttp3);
  EXPECT_EQ(facts.server_name, "example.com");
  EXPECT_EQ(facts.group, 0x11ec);  // its ClientHello spans several Initial packets
  EXPECT_TRUE(facts.ja4.view().starts_with("q13d")) << facts.ja4.view();
  EXPECT_EQ(world.server.connection->facts().version, kVersion1);
}

TEST(Connection, SpeaksVersion2) {
  World world(3);
  world.connect(kVersion2);
  ASSERT_TRUE(world.open());
  world.ask(10'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_EQ(world.server.connection->facts().version, kVersion2);
}

TEST(Connection, NegotiatesNoVersionItDoesNotHave) {
  World world(4);
  std::vector<std::byte> packet(1200);
  packet[0] = std::byte{0xc0};
  for (int i = 1; i < 5; ++i) packet[i] = std::byte{0x7a};
  packet[5] = std::byte{8};
  packet[14] = std::byte{8};
  world.inject(world.client_path, packet);
  std::size_t before = world.server_bytes_sent;
  world.run_until([&] { return world.server_bytes_sent > 0; });
  EXPECT_EQ(before, 0U);
  EXPECT_EQ(world.retries, 1U);
  EXPECT_EQ(world.server.connection, nullptr);
  EXPECT_LT(world.server_bytes_sent, 100U);
}

TEST(Connection, AnswersAClientWhoseAddressIsShownByARetry) {
  World world(5);
  world.demand_proof = true;
  world.connect();
  ASSERT_TRUE(world.open());
  EXPECT_GE(world.retries, 1U);  // for each packet of the ClientHello
  EXPECT_TRUE(world.server.connection->facts().retried);
  world.ask(1000);
  EXPECT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
}

// RFC 9000 8.1: "an endpoint MUST limit the amount of data it sends to the unvalidated address to three times the
// amount of data received from that address".
TEST(Connection, SendsAtMostThreeTimesWhatAnUnprovenAddressSent) {
  World world(6);
  world.connect();
  std::size_t sent_by_client = 0;
  world.run_until([&] { return world.server.connection != nullptr; });
  sent_by_client = 2 * 1200;  // a post-quantum ClientHello takes two packets
  world.client.connection->discard();
  world.run_until([&] { return false; }, std::chrono::seconds(30));
  EXPECT_LE(world.server_bytes_sent, 3 * sent_by_client);
}

TEST(Connection, SurvivesTheClientsNewAddressInMidDownload) {
  World world(7, {.delay = std::chrono::milliseconds(20)});
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(2'000'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().bytes_back > 500'000; }));
  world.client_path.local.port = 41'000;
  ASSERT_TRUE(world.client.connection->migrate(world.client_path, world.clock.now()));
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_FALSE(world.client.asker().wrong);
  EXPECT_EQ(world.server.connection->path().peer.port, 41'000);
  EXPECT_GE(world.server.connection->facts().migrations, 1U);
}

TEST(Connection, WaitsForTheWindowOfTheWholeConnection) {
  World world(21, {}, {.connection_window_bytes = 20'000, .connection_window_bytes_max = 20'000});
  world.connect();
  ASSERT_TRUE(world.open());
  for (int i = 0; i < 4; ++i) world.ask(200'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_FALSE(world.client.asker().wrong);
}

TEST(Connection, UpdatesItsKeysInMidDownload) {
  World world(8);
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(1'000'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().bytes_back > 200'000; }));
  world.client.connection->update_keys(world.clock.now());
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_FALSE(world.client.asker().wrong);
}

TEST(Connection, FindsOutHowLongPacketsMayBe) {
  World world(9);
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(1'000'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_GT(world.server.connection->facts().payload_bytes_max, 1400U);

  World narrow(10, {.payload_max = 1300});
  narrow.connect();
  ASSERT_TRUE(narrow.open());
  narrow.ask(1'000'000);
  ASSERT_TRUE(narrow.run_until([&] { return narrow.client.asker().complete(); }));
  EXPECT_LE(narrow.server.connection->facts().payload_bytes_max, 1300U);
}

TEST(Connection, ClosesWithTheApplicationsCode) {
  World world(11);
  world.connect();
  ASSERT_TRUE(world.open());
  world.server.connection->close(0x100, "done");
  world.pump(world.server);
  ASSERT_TRUE(world.run_until([&] { return world.client.connection->state() == Connection::State::kDraining; }));
  EXPECT_EQ(world.server.connection->state(), Connection::State::kClosing);
  EXPECT_TRUE(world.server.application->gone);
  EXPECT_TRUE(world.run_until([&] { return world.server.connection->state() == Connection::State::kClosed; }));
}

TEST(Connection, AnswersLatePacketsOfAClosedConnectionLessAndLess) {
  World world(12, {.loss = 0});
  world.connect();
  ASSERT_TRUE(world.open());
  world.server.connection->close(0x100, "");
  world.pump(world.server);
  const std::size_t before = world.server_bytes_sent;
  std::array<std::byte, 100> late{};
  for (int i = 0; i < 64; ++i) {
    world.server.connection->receive({.local = world.client_path.peer, .peer = world.client_path.local}, 0, late,
                                     world.clock.now());
    world.pump(world.server);
  }
  EXPECT_GT(world.server_bytes_sent, before);
  EXPECT_LT(world.server_bytes_sent - before, 10 * 100U);
}

TEST(Connection, EndsQuietlyWhenNobodySpeaks) {
  World world(13, {}, {.idle_timeout = std::chrono::seconds(5)});
  world.connect();
  ASSERT_TRUE(world.open());
  EXPECT_TRUE(world.run_until([&] { return world.server.connection->state() == Connection::State::kClosed; },
                              std::chrono::seconds(8)));
  EXPECT_EQ(world.server.connection->failure(), nullptr);
}

TEST(Connection, StaysWithKeepAlives) {
  World world(14, {}, {.idle_timeout = std::chrono::seconds(5)});
  world.connect();
  ASSERT_TRUE(world.open());
  world.client.connection->keep_alive(std::chrono::seconds(2));
  world.run_until([&] { return false; }, std::chrono::seconds(30));
  EXPECT_EQ(world.server.connection->state(), Connection::State::kOpen);
}

TEST(Connection, EndsAHandshakeThatIsNotFinishedInTime) {
  World world(15, {}, {.handshake_timeout = std::chrono::seconds(3)});
  world.connect();
  world.run_until([&] { return world.server.connection != nullptr; });
  world.client.connection->discard();
  EXPECT_TRUE(world.run_until([&] { return world.server.connection->state() == Connection::State::kClosed; },
                              std::chrono::seconds(5)));
  ASSERT_NE(world.server.connection->failure(), nullptr);
  EXPECT_EQ(world.server.connection->failure()->what, "the handshake was not finished in time");
}

TEST(Connection, CarriesDatagrams) {
  World world(16);
  world.connect();
  ASSERT_TRUE(world.open());
  const std::array<std::byte, 4> hello{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  EXPECT_TRUE(world.client.connection->send_datagram(hello));
  world.pump(world.client);
  ASSERT_TRUE(world.run_until([&] { return !world.server.application->datagrams.empty(); }));
  EXPECT_EQ(world.server.application->datagrams.front(), std::vector(hello.begin(), hello.end()));
  const std::vector<std::byte> long_one(2000);
  EXPECT_FALSE(world.client.connection->send_datagram(long_one));
}

TEST(Connection, TellsOfResetsAndStops) {
  World world(17);
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(5'000'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().bytes_back > 10'000; }));
  world.client.connection->reset(0, 0x10c);
  world.client.connection->stop(0, 0x10d);
  world.pump(world.client);
  ASSERT_TRUE(world.run_until([&] { return world.server.application->streams_closed == 1; }));
  EXPECT_EQ(world.server.application->resets.at(0), 0x10cU);
  EXPECT_EQ(world.server.application->stops.at(0), 0x10dU);
}

TEST(Connection, WritesItsQlog) {
  World world(18, {}, {.qlog = true});
  world.connect();
  ASSERT_TRUE(world.open());
  EXPECT_GT(world.server.qlog_bytes, 1000U);
}

TEST(Connection, RefusesAClientWithoutTheProtocol) {
  World world(19);
  static const auto kContext = tls::for_test::make_client({.alpn = {"h2"}});
  world.client.connection = std::make_unique<Connection>(world.settings, kContext, tls::ClientTarget{"example.com"},
                                                         world.client, world.client, world.client_path, world.clock);
  world.pump(world.client);
  ASSERT_TRUE(world.run_until(
      [&] { return world.server.connection && world.server.connection->state() > Connection::State::kOpen; }));
  ASSERT_NE(world.server.connection->failure(), nullptr);
  EXPECT_EQ(world.server.connection->failure()->what, "no common application protocol (ALPN)");
}

TEST(Connection, UsesBbrWhereAsked) {
  World world(20, {.loss = 0.01, .delay = std::chrono::milliseconds(15)}, {.congestion = CongestionControl::kBbr});
  world.connect();
  ASSERT_TRUE(world.open());
  world.ask(1'000'000);
  ASSERT_TRUE(world.run_until([&] { return world.client.asker().complete(); }));
  EXPECT_FALSE(world.client.asker().wrong);
}

}  // namespace
}  // namespace gate::quic
