// The server's processor time of a handshake through our engine, in memory, and what an idle connection occupies.
// One line a case: name, tab, figure; all cases, or the one named. bench/handshake/run compares it with the system's
// OpenSSL.
#include <malloc.h>
#include <openssl/rand.h>

#include <deque>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "bench/handshake/measure.h"
#include "cert/issue.h"
#include "cert/native.h"
#include "cert/rsa_key.h"
#include "tls/client.h"
#include "tls/engine.h"
#include "tls/server_context.h"

namespace gate::bench {
namespace {

using namespace std::chrono_literals;

const base::SystemClock kClock;

class Random final : public base::Random {
  void fill(std::span<std::byte> bytes) override { RAND_bytes(cert::native_data(bytes), bytes.size()); }
};

// Leaf and issuer, as a server of the internet sends them.
cert::Credential credential(cert::PrivateKey key) {
  const auto now = kClock.wall();
  const cert::PrivateKey root_key = cert::PrivateKey::generate();
  const cert::Validity validity{now - 1h, now + 24h};
  const cert::NameConstraints constraints = cert::NameConstraints::local();
  cert::Certificate root = cert::make_root(root_key, {.common_name = "bench"}, &constraints, validity);
  const std::vector<std::string> names{"localhost"};
  const cert::LeafContent content{.names = names, .public_key_info = key.public_key_info(), .validity = validity};
  std::vector<cert::Certificate> chain{cert::make_leaf(root, root_key, content)};
  chain.push_back(std::move(root));
  return {std::move(chain), std::move(key)};
}

std::shared_ptr<tls::ServerContext> server_with(const cert::Credential& credential) {
  Random random;
  tls::ServerSettings settings{.ticket_keys = tls::TicketKeys::generate(random, kClock.wall())};
  settings.sites.push_back({.names = {"localhost"}, .credentials = {&credential}});
  return *tls::ServerContext::create(settings);
}

// A connection whose two ends take turns.
struct Connection {
  explicit Connection(const std::shared_ptr<tls::ClientContext>& context, const tls::Session* session)
      : client(context, {"localhost", session}, kClock) {}

  void client_turn() {
    tls::Io io{to_client.view(), to_server};
    GATE_CHECK(client.handshake(io) != tls::Step::kFailed);
    to_client.consume(to_client.size() - io.input.size());
  }
  void server_turn() {
    tls::Io io{to_server.view(), to_client};
    GATE_CHECK(server->handshake(io) != tls::Step::kFailed);
    to_server.clear();
  }
  void answer() {
    tls::Io io{{}, to_client};
    GATE_CHECK(server->write(io, base::as_bytes("x")));  // takes the ticket along
  }
  std::optional<tls::Session> session() {
    std::array<std::byte, 64> text;
    std::size_t count = 0;
    tls::Io io{to_client.view(), to_server};
    GATE_CHECK(client.read(io, text, count) == tls::Step::kDone);
    return client.take_session();
  }

  base::Buffer to_server, to_client;
  tls::Engine client;
  std::optional<tls::Engine> server;
};

struct Case {
  const char* name;
  const std::shared_ptr<tls::ServerContext>& server;
  tls::ClientSettings client;
  bool resumed = false;
};

const base::IpAddress kAddress = *base::IpAddress::parse("127.0.0.1");

void server_begins(Connection& connection, const std::shared_ptr<tls::ServerContext>& context) {
  connection.server.emplace(context, kAddress, kClock);
  connection.server_turn();
}

void run_batch(const Case& test, const std::shared_ptr<tls::ClientContext>& client, const tls::Session* session,
               Stopwatch& watch) {
  std::deque<Connection> connections;
  for (int i = 0; i < kBatch; ++i) connections.emplace_back(client, session).client_turn();
  watch.start();
  for (auto& each : connections) server_begins(each, test.server);
  watch.stop();
  for (auto& each : connections) each.client_turn();
  watch.start();
  for (auto& each : connections) {
    each.server_turn();
    each.answer();
    GATE_CHECK(each.server->facts().resumed == test.resumed && !each.server->in_handshake());
    each.server.reset();
  }
  watch.stop();
}

std::optional<tls::Session> earn_session(const Case& test, const std::shared_ptr<tls::ClientContext>& client) {
  Connection first(client, nullptr);
  first.client_turn();
  server_begins(first, test.server);
  first.client_turn();
  first.server_turn();
  first.answer();
  first.client_turn();
  return first.session();
}

void run(const Case& test) {
  const auto client = *tls::ClientContext::create(test.client, kClock);
  std::optional<tls::Session> session;
  if (test.resumed) session = earn_session(test, client);
  report(test.name, [&](Stopwatch& watch) { run_batch(test, client, session ? &*session : nullptr, watch); });
}

std::size_t allocated() { return ::mallinfo2().uordblks; }

// What the server's half keeps on the heap after a handshake and one answer, the engine itself included.
void report_idle(const char* name, const std::shared_ptr<tls::ServerContext>& server, tls::ClientSettings settings) {
  constexpr int kConnections = 500;
  const auto client = *tls::ClientContext::create(settings, kClock);
  std::vector<std::unique_ptr<tls::Engine>> idle;
  idle.reserve(kConnections);
  std::size_t total = 0;
  for (int i = 0; i < kConnections; ++i) {
    Connection connection(client, nullptr);
    connection.client_turn();
    const std::size_t before = allocated() - connection.to_client.capacity();
    auto engine = std::make_unique<tls::Engine>(server, kAddress, kClock);
    const auto turn = [&](bool last) {
      tls::Io io{connection.to_server.view(), connection.to_client};
      GATE_CHECK(engine->handshake(io) != tls::Step::kFailed);
      connection.to_server.clear();
      if (!last) return;
      GATE_CHECK(engine->write(io, base::as_bytes("x")));
      engine->settle();
    };
    turn(false);
    const std::size_t mid = allocated() - connection.to_client.capacity();
    connection.client_turn();
    const std::size_t after_client = allocated() - connection.to_client.capacity();
    turn(true);
    total += mid - before + (allocated() - connection.to_client.capacity()) - after_client;
    idle.push_back(std::move(engine));
  }
  std::printf("%s\t%zu\n", name, total / kConnections);
}

// All cases, or the one of this name.
void run_cases(std::string_view only) {
  const cert::Credential ecdsa = credential(cert::PrivateKey::generate());
  const cert::Credential rsa = credential(cert::generate_rsa_key());
  const auto with_ecdsa = server_with(ecdsa);
  const auto with_rsa = server_with(rsa);
  const std::vector<std::uint16_t> x25519{0x001d};
  const auto measure = [&](const Case& test) {
    if (only.empty() || only == test.name) run(test);
  };
  measure({"tls13 ecdsa x25519", with_ecdsa, {.groups = x25519}});
  measure({"tls13 ecdsa mlkem", with_ecdsa, {.groups = {0x11ec}}});
  measure({"tls13 rsa2048 x25519", with_rsa, {.groups = x25519}});
  measure({"tls13 resumed x25519", with_ecdsa, {.groups = x25519}, true});
  measure({"tls12 ecdsa x25519", with_ecdsa, {.version_max = tls::kTls12, .groups = {0x001d, 0x0017}}});
  measure({"tls12 resumed", with_ecdsa, {.version_max = tls::kTls12, .groups = {0x001d, 0x0017}}, true});
  if (!only.empty()) return;
  report_idle("idle bytes tls13", with_ecdsa, {.alpn = {"h2"}});
  report_idle("idle bytes tls12", with_ecdsa, {.alpn = {"h2"}, .version_max = tls::kTls12});
}

}  // namespace
}  // namespace gate::bench

int main(int argc, char** argv) { gate::bench::run_cases(argc > 1 ? argv[1] : ""); }
