#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tls/client_certificate.h"
#include "tls/codes.h"
#include "tls/pair_for_test.h"

// Mutual TLS: what a site demands of its clients.
namespace gate::tls {
namespace {

using namespace std::chrono_literals;
using for_test::Certificates;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

// An authority for clients, and two of them.
struct Clients {
  base::WallTime now = Certificates::shared().now;
  cert::Credential root = cert::for_test::root("clients", now);
  cert::Credential alice = cert::for_test::client(root, "alice", {"alice@example.com"}, 7, now);
  cert::Credential bob = cert::for_test::client(root, "bob", {}, 8, now);
  cert::Credential stranger = cert::for_test::client(cert::for_test::root("strangers", now), "alice", {}, 7, now);

  static const Clients& shared() {
    static const Clients clients;
    return clients;
  }
};

ClientDemand demand(bool required = true) { return {.required = required, .trusted = {Clients::shared().root.leaf()}}; }

// The sites "other.test", which demands nothing, and "example.com".
auto guarded(const ClientDemand& clients) {
  auto settings = for_test::example_settings();
  settings.sites.front().clients = &clients;
  settings.sites.push_back({.names = {"other.test"}, .credentials = {&Certificates::shared().other}, .policy = {}});
  return make_server(settings);
}

ClientSettings shows(const cert::Credential& credential, std::uint16_t version_max = kTls13) {
  return {.credential = &credential, .version_max = version_max};
}

constexpr std::uint16_t kVersions[] = {kTls12, kTls13};

TEST(ClientGate, a_client_that_proves_itself_is_known_by_its_certificate) {
  for (const auto version : kVersions) {
    Pair pair(guarded(demand()), make_client(shows(Clients::shared().alice, version)));
    ASSERT_TRUE(pair.handshake());
    ASSERT_NE(pair.facts().client, nullptr);
    const ClientCertificate& client = *pair.facts().client;
    EXPECT_EQ(client.own().subject(), "CN=alice");
    EXPECT_EQ(client.own().serial(), "07");
    EXPECT_EQ(client.names, (std::vector<std::string>{"alice@example.com", "alice"}));
    EXPECT_EQ(client.fingerprint, base::to_hex(Clients::shared().alice.leaf().fingerprint()));
    EXPECT_EQ(client.chain.size(), 1U);
    EXPECT_EQ(pair.to_server("ping"), "ping");
  }
}

TEST(ClientGate, a_client_that_shows_nothing_is_refused_by_the_alert_for_it) {
  for (const auto version : kVersions) {
    Pair pair(guarded(demand()), make_client({.version_max = version}));
    EXPECT_FALSE(pair.handshake());
    EXPECT_EQ(pair.server_failure(), kClientCertificateMissing);
    pair.client.read();
    const std::string heard = pair.client.engine.failure().what;
    EXPECT_NE(heard.find(version == kTls13 ? "certificate required" : "handshake failure"), std::string::npos) << heard;
  }
}

TEST(ClientGate, a_certificate_of_an_authority_unknown_here_is_refused) {
  for (const auto version : kVersions) {
    Pair pair(guarded(demand()), make_client(shows(Clients::shared().stranger, version)));
    EXPECT_FALSE(pair.handshake());
    EXPECT_EQ(pair.server_failure(), kClientNotAccepted);
    EXPECT_NE(pair.server.engine.failure().what.find("CN=alice"), std::string::npos) << "the log says whose it was";
  }
}

TEST(ClientGate, a_revoked_certificate_is_refused_and_the_others_are_not) {
  auto clients = demand();
  const auto list =
      cert::for_test::revocation_list(Clients::shared().root, {7}, Clients::shared().now, Clients::shared().now + 24h);
  clients.crls = *cert::read_crls(list, "test");
  Pair revoked(guarded(clients), make_client(shows(Clients::shared().alice)));
  EXPECT_FALSE(revoked.handshake());
  EXPECT_EQ(revoked.server_failure(), kClientNotAccepted);
  EXPECT_NE(revoked.server.engine.failure().what.find("revoked"), std::string::npos);
  EXPECT_TRUE(Pair(guarded(clients), make_client(shows(Clients::shared().bob))).handshake());
}

TEST(ClientGate, only_clients_of_the_names_wanted_get_in) {
  auto clients = demand();
  clients.names = [](std::string_view name) { return name.ends_with("@example.com"); };
  EXPECT_TRUE(Pair(guarded(clients), make_client(shows(Clients::shared().alice))).handshake());
  Pair bob(guarded(clients), make_client(shows(Clients::shared().bob)));
  EXPECT_FALSE(bob.handshake());
  EXPECT_EQ(bob.server_failure(), kClientNotAccepted);
}

TEST(ClientGate, where_none_is_required_whoever_proves_nothing_is_served_as_nobody) {
  for (const auto version : kVersions) {
    const auto server = guarded(demand(false));
    Pair silent(server, make_client({.version_max = version}));
    ASSERT_TRUE(silent.handshake());
    EXPECT_EQ(silent.facts().client, nullptr);
    Pair stranger(server, make_client(shows(Clients::shared().stranger, version)));
    ASSERT_TRUE(stranger.handshake());
    EXPECT_EQ(stranger.facts().client, nullptr);
    Pair alice(server, make_client(shows(Clients::shared().alice, version)));
    ASSERT_TRUE(alice.handshake());
    EXPECT_NE(alice.facts().client, nullptr);
  }
}

TEST(ClientGate, a_site_that_demands_nothing_asks_for_nothing) {
  Pair pair(guarded(demand()), make_client(shows(Clients::shared().alice)), {"other.test"});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.facts().client, nullptr);
}

// What was revoked or has expired would live on in it.
TEST(ClientGate, a_guarded_site_gives_no_tickets) {
  for (const auto version : kVersions) {
    Pair pair(guarded(demand()), make_client(shows(Clients::shared().alice, version)));
    ASSERT_TRUE(pair.handshake());
    pair.to_client("tickets come with the first bytes");
    EXPECT_FALSE(pair.client.engine.take_session().has_value());
  }
}

TEST(ClientGate, a_ticket_from_before_the_demand_does_not_lead_around_it) {
  auto settings = for_test::example_settings();
  for (const auto version : kVersions) {
    const auto client = make_client({.version_max = version});
    Pair before(make_server(settings), client);
    ASSERT_TRUE(before.handshake());
    before.to_client("ticket");
    const auto session = before.client.engine.take_session();
    ASSERT_TRUE(session.has_value());
    const auto clients = demand();
    auto demanding = settings;
    demanding.sites.front().clients = &clients;
    Pair after(make_server(demanding), client, {"example.com", &*session});
    EXPECT_FALSE(after.handshake());
    EXPECT_EQ(after.server_failure(), kClientCertificateMissing);
  }
}

TEST(ClientGate, a_connection_carries_requests_only_for_sites_that_demand_the_same) {
  const auto server = guarded(demand());
  const auto here = for_test::address("192.0.2.9");
  Pair alice(server, make_client(shows(Clients::shared().alice)));
  ASSERT_TRUE(alice.handshake());
  EXPECT_TRUE(server->may_carry(alice.facts(), "example.com", here));
  EXPECT_FALSE(server->may_carry(alice.facts(), "other.test", here));
  Pair open(server, make_client(), {"other.test"});
  ASSERT_TRUE(open.handshake());
  EXPECT_TRUE(server->may_carry(open.facts(), "other.test", here));
  EXPECT_FALSE(server->may_carry(open.facts(), "example.com", here));
  auto stricter = demand();
  stricter.names_text = {"bob"};
  EXPECT_FALSE(guarded(stricter)->may_carry(alice.facts(), "example.com", here)) << "it was let in by other rules";
}

TEST(ClientDemand, differs_where_anything_of_it_does) {
  const auto plain = fingerprint_of(demand());
  EXPECT_EQ(plain, fingerprint_of(demand()));
  EXPECT_NE(plain, fingerprint_of(demand(false)));
  auto named = demand();
  named.names_text = {"alice"};
  EXPECT_NE(plain, fingerprint_of(named));
  auto other = demand();
  other.trusted = {Certificates::shared().root.leaf()};
  EXPECT_NE(plain, fingerprint_of(other));
  auto with_list = demand();
  with_list.crls = *cert::read_crls(
      cert::for_test::revocation_list(Clients::shared().root, {}, Clients::shared().now, Clients::shared().now + 24h),
      "test");
  EXPECT_NE(plain, fingerprint_of(with_list));
}

}  // namespace
}  // namespace gate::tls
