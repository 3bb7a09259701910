#include "net/quic_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "http/exchange.h"
#include "quic/simulation_for_test.h"
#include "tls/pair_for_test.h"

namespace gate::net {
namespace {

using namespace std::chrono_literals;
using quic::ConnectionHome;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr ConnectionHome kHome{.generation = 3, .worker = 1};
constexpr std::uint32_t kHandshakesPerTurn = 4;

base::Endpoint loopback() { return *base::Endpoint::parse("127.0.0.1:0"); }

os::UdpSocket open_socket() { return *os::UdpSocket::create(*os::bind_udp(loopback())); }

// Gives connections their HTTP/3, in which nobody asks for anything.
class FakeOwner final : public QuicOwner, private http::Dispatcher, private http::WireObserver {
 public:
  explicit FakeOwner(const loop::Loop& loop) : loop_(loop) {}

  bool admit(const base::Endpoint&) override { return admits; }
  http::ConnectionInfo describe(const quic::Path& path) override {
    return {.id = 1, .peer = path.peer, .local = path.local, .accepted_at = loop_.now(), .secure = true};
  }
  std::shared_ptr<const tls::ServerContext> tls_context() override { return tls_; }
  std::unique_ptr<http::h3::H3Wire> make_http3(QuicConnection& connection) override {
    http::Dispatcher& nobody = *this;
    return std::make_unique<http::h3::H3Wire>(context_, nobody, connection.info(), connection.limits(),
                                              connection.transport());
  }
  void handshake_done(const QuicConnection& connection) override { opened.push_back(&connection); }
  void handshake_failed(const QuicConnection&, const base::Error&) override { ++failures; }
  void closed(const QuicConnection&, CloseReason reason) override { ends.push_back(reason); }
  bool pass_on(const ConnectionHome& home, const os::DatagramTrain&) override {
    if (passes_on) passed_on.push_back(home);
    return passes_on;
  }
  void qlog(const QuicConnection&, base::ByteView, bool) override {}

  bool admits = true;
  bool passes_on = true;
  std::vector<const QuicConnection*> opened;
  int failures = 0;
  std::vector<CloseReason> ends;
  std::vector<ConnectionHome> passed_on;

 private:
  void dispatch(http::Exchange&) override { ADD_FAILURE() << "nobody has asked for anything"; }
  void finished(const http::Exchange&) override {}
  void violation(const http::ConnectionInfo&, const http::WireEvent&) override {}

  const loop::Loop& loop_;
  std::shared_ptr<const tls::ServerContext> tls_ = tls::for_test::make_server(tls::for_test::example_settings());
  base::BlockPool blocks_;
  http::TurnTime time_;
  std::uint64_t next_exchange_id_ = 1;
  http::WireContext context_{blocks_, time_, *this, next_exchange_id_};
};

// A client with a socket of its own.
class Client {
 public:
  Client(const base::Endpoint& server, const base::Clock& clock, std::uint64_t seed)
      : clock_(clock), random_(seed), keys_(quic::ServerKeys::generate(random_)), side_(random_, keys_) {
    static const auto kContext = tls::for_test::make_client({.alpn = {"h3"}});
    side_.asks = true;
    side_.connection =
        std::make_unique<quic::Connection>(quic::ConnectionSettings{}, kContext, tls::ClientTarget{"example.com"},
                                           side_, side_, quic::Path{.local = socket_.local(), .peer = server}, clock_);
  }

  void hear() {
    std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
    const auto result = socket_.receive(memory(), trains);
    for (auto& train : std::span(trains).first(result.count)) {
      train.path.local = connection().path().local;  // where it has moved to, or thinks it is
      while (!train.bytes.empty()) connection().receive(train.path, 0, os::next_datagram(train), clock_.now());
    }
  }
  void speak() {
    if (connection().deadline() <= clock_.now()) connection().on_deadline(clock_.now());
    for (const auto& [path, bytes] : said()) {
      EXPECT_EQ(socket_.send({.path = path, .bytes = bytes, .datagram_bytes = bytes.size()}).state,
                os::SendState::kSent);
    }
  }
  // What it would send, in datagrams.
  std::vector<std::pair<quic::Path, std::vector<std::byte>>> said() {
    std::vector<std::pair<quic::Path, std::vector<std::byte>>> datagrams;
    const auto room = memory().first<os::UdpSocket::kTrainBytes>();
    while (const auto train = connection().produce(room, clock_.now())) {
      os::DatagramTrain rest{.path = train->path, .bytes = room.first(train->bytes), .datagram_bytes = train->segment};
      while (!rest.bytes.empty()) {
        const auto next = os::next_datagram(rest);
        datagrams.emplace_back(train->path, std::vector<std::byte>(next.begin(), next.end()));
      }
    }
    return datagrams;
  }
  // Goes on from another port, and says nothing of it, as behind a NAT that forgets.
  void change_port() { socket_ = open_socket(); }
  void ask() { side_.asker().ask(*connection().open_both_ways(), 1); }

  quic::Connection& connection() { return *side_.connection; }
  bool open() const { return side_.done; }
  bool gone() { return connection().state() > quic::Connection::State::kOpen; }
  os::UdpSocket& socket() { return socket_; }

 private:
  static std::span<std::byte, os::UdpSocket::kReceiveBytes> memory() {
    static std::vector<std::byte> bytes(os::UdpSocket::kReceiveBytes);
    return std::span<std::byte, os::UdpSocket::kReceiveBytes>(bytes);
  }

  const base::Clock& clock_;
  quic::for_test::Random random_;
  quic::ServerKeys keys_;
  os::UdpSocket socket_ = open_socket();
  quic::for_test::Side side_;
};

class QuicEndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    endpoint_.use({}, std::make_shared<const http::Limits>(), kHandshakesPerTurn);
    auto socket = open_socket();
    address_ = socket.local();
    ASSERT_TRUE(endpoint_.listen(std::move(socket)).has_value());
  }

  Client& new_client() { return clients_.emplace_back(address_, clock_, clients_.size() + 1); }
  Client& open_client() {
    Client& client = new_client();
    EXPECT_TRUE(run_until([&] { return client.open() && owner_.opened.size() == clients_.size(); }));
    return client;
  }
  void turn() { loop_->turn(loop_->now()); }

  template <class Goal>
  bool run_until(Goal goal) {
    for (const auto end = clock_.now() + 10s; clock_.now() < end;) {
      for (Client& client : clients_) {
        client.hear();
        client.speak();
      }
      turn();
      if (goal()) return true;
    }
    return false;
  }

  // From a socket of nobody, as a train; the answers that come to it at once.
  std::vector<std::vector<std::byte>> answers_to(base::ByteView datagram, int times = 1) {
    auto socket = open_socket();
    const os::DatagramPath path{.local = socket.local(), .peer = address_};
    std::vector<std::byte> asked;
    for (int i = 0; i < times; ++i) asked.insert(asked.end(), datagram.begin(), datagram.end());
    socket.send({.path = path, .bytes = asked, .datagram_bytes = datagram.size()});
    turn();
    std::vector<std::vector<std::byte>> answers;
    std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
    while (const auto count = socket.receive(buffers_->datagrams, trains).count) {
      for (auto& train : std::span(trains).first(count)) {
        while (!train.bytes.empty()) {
          const auto next = os::next_datagram(train);
          answers.emplace_back(next.begin(), next.end());
        }
      }
    }
    return answers;
  }
  // A packet with a short header for a connection that may be anywhere.
  std::vector<std::byte> packet_for(const ConnectionHome& home) {
    std::vector<std::byte> packet(60, std::byte{0x41});
    base::copy_bytes(std::span(packet).subspan(1), codec_.encode(home, random_).bytes());
    return packet;
  }

  base::SystemClock clock_;
  quic::for_test::Random random_{7};
  quic::ServerKeys keys_ = quic::ServerKeys::generate(random_);
  quic::ConnectionIdCodec codec_{keys_.ids};
  std::unique_ptr<loop::Loop> loop_ = *loop::Loop::create(clock_);
  std::unique_ptr<TurnBuffers> buffers_ = std::make_unique<TurnBuffers>();
  FakeOwner owner_{*loop_};
  observe::WorkerMetrics metrics_{1};
  QuicEndpoint endpoint_{{.loop = *loop_,
                          .buffers = *buffers_,
                          .owner = owner_,
                          .random = random_,
                          .bytes_received = metrics_.bytes_received,
                          .bytes_sent = metrics_.bytes_sent,
                          .datagrams = metrics_.datagrams,
                          .keys = keys_,
                          .home = kHome}};
  base::Endpoint address_;
  std::list<Client> clients_;
};

TEST_F(QuicEndpointTest, opens_connections_and_counts_their_bytes) {
  open_client();
  open_client();
  EXPECT_EQ(endpoint_.size(), 2U);
  EXPECT_GT(metrics_.bytes_received.value(), 2400U);
  EXPECT_GT(metrics_.bytes_sent.value(), 2400U);
}

TEST_F(QuicEndpointTest, begins_nothing_that_its_owner_does_not_admit) {
  owner_.admits = false;
  new_client().speak();
  turn();
  EXPECT_EQ(endpoint_.size(), 0U);
}

TEST_F(QuicEndpointTest, forgets_a_connection_once_its_client_has_closed_it) {
  Client& client = open_client();
  client.connection().close(0x100, "enough");
  EXPECT_TRUE(run_until([&] { return endpoint_.size() == 0; }));
  EXPECT_THAT(owner_.ends, ElementsAre(CloseReason::kPeerClosed));
}

TEST_F(QuicEndpointTest, finds_a_connection_by_its_id_wherever_the_datagram_comes_from) {
  Client& client = open_client();
  client.change_port();
  client.ask();
  EXPECT_TRUE(run_until([&] { return owner_.opened[0]->info().peer == client.socket().local(); }));
  EXPECT_THAT(owner_.opened, SizeIs(1));
}

// RFC 9000 8.1.2: what the bound of a turn leaves over has to show its address first.
TEST_F(QuicEndpointTest, asks_for_proof_of_the_address_beyond_its_handshakes_of_a_turn) {
  for (std::uint32_t i = 0; i < kHandshakesPerTurn + 2; ++i) new_client().speak();
  turn();
  EXPECT_EQ(endpoint_.size(), kHandshakesPerTurn);
  EXPECT_TRUE(run_until([&] { return owner_.opened.size() == kHandshakesPerTurn + 2; }));
  std::size_t retried = 0;
  for (const auto* connection : owner_.opened) retried += connection->facts().retried ? 1 : 0;
  EXPECT_EQ(retried, 2U);
}

TEST_F(QuicEndpointTest, answers_a_bounded_number_of_strays_in_a_turn) {
  EXPECT_THAT(answers_to(packet_for(kHome), 200), SizeIs(64));
  EXPECT_THAT(answers_to(packet_for(kHome), 3), SizeIs(3));
}

TEST_F(QuicEndpointTest, passes_on_what_belongs_to_another_worker_or_process) {
  const ConnectionHome worker{.generation = kHome.generation, .worker = 0};
  const ConnectionHome process{.generation = 2, .worker = 1};
  EXPECT_THAT(answers_to(packet_for(worker)), IsEmpty());
  EXPECT_THAT(answers_to(packet_for(process), 2), IsEmpty());
  EXPECT_THAT(owner_.passed_on, ElementsAre(worker, process, process));
  EXPECT_EQ(metrics_.datagrams.to_workers.value(), 1U);
  EXPECT_EQ(metrics_.datagrams.to_processes.value(), 2U);
}

TEST_F(QuicEndpointTest, takes_what_can_be_passed_on_to_nobody_for_a_stray) {
  owner_.passes_on = false;
  EXPECT_THAT(answers_to(packet_for({.generation = 2, .worker = 1})), SizeIs(1));
  EXPECT_EQ(metrics_.datagrams.to_processes.value(), 0U);
}

TEST_F(QuicEndpointTest, passes_nothing_on_that_is_its_own) {
  answers_to(packet_for(kHome));
  EXPECT_THAT(owner_.passed_on, IsEmpty());
}

TEST_F(QuicEndpointTest, gives_what_was_passed_on_to_its_connection) {
  Client& client = open_client();
  client.ask();
  const auto before = owner_.opened[0]->facts().packets_received;
  auto datagrams = client.said();
  for (const auto end = clock_.now() + 10s; datagrams.empty() && clock_.now() < end;) datagrams = client.said();
  ASSERT_FALSE(datagrams.empty()) << "it spaces its packets out";
  for (const auto& [path, bytes] : datagrams) {
    endpoint_.receive_passed_on(
        {.path = {.local = path.peer, .peer = path.local}, .bytes = bytes, .datagram_bytes = bytes.size()});
  }
  EXPECT_EQ(owner_.opened[0]->facts().packets_received, before + datagrams.size());
}

TEST_F(QuicEndpointTest, takes_what_was_passed_on_for_nobody_for_a_stray_and_passes_it_on_no_further) {
  const auto packet = packet_for({.generation = 2, .worker = 1});
  auto asking = open_socket();
  endpoint_.receive_passed_on(
      {.path = {.local = address_, .peer = asking.local()}, .bytes = packet, .datagram_bytes = packet.size()});
  std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
  EXPECT_EQ(asking.receive(buffers_->datagrams, trains).count, 1U);
  EXPECT_THAT(owner_.passed_on, IsEmpty());
}

TEST_F(QuicEndpointTest, drains_what_came_by_an_address_it_leaves_and_begins_nothing_there) {
  Client& staying = open_client();
  endpoint_.stop_listening(address_);
  Client& late = new_client();
  EXPECT_TRUE(run_until([&] { return staying.gone() && endpoint_.size() == 0; }));
  EXPECT_FALSE(late.open());
  EXPECT_THAT(owner_.ends, ElementsAre(CloseReason::kFinished));
  turn();
  EXPECT_TRUE(os::bind_udp(address_).has_value()) << "the socket is closed with the last connection";
}

TEST_F(QuicEndpointTest, closes_a_socket_at_once_that_no_connection_came_by) {
  endpoint_.stop_listening(address_);
  turn();
  EXPECT_TRUE(os::bind_udp(address_).has_value());
}

TEST_F(QuicEndpointTest, begins_nothing_while_it_drains) {
  Client& client = open_client();
  endpoint_.drain();
  new_client();
  EXPECT_TRUE(run_until([&] { return client.gone() && endpoint_.size() == 0; }));
  EXPECT_THAT(owner_.opened, SizeIs(1));
}

TEST_F(QuicEndpointTest, receives_nothing_from_sockets_it_has_left) {
  Client& client = open_client();
  endpoint_.leave_sockets();
  client.change_port();
  client.ask();
  const auto before = owner_.opened[0]->facts().packets_received;
  client.speak();
  turn();
  EXPECT_EQ(owner_.opened[0]->facts().packets_received, before);
}

TEST_F(QuicEndpointTest, ends_all_at_once) {
  open_client();
  open_client();
  endpoint_.discard_all();
  EXPECT_EQ(endpoint_.size(), 0U);
  EXPECT_THAT(owner_.ends, SizeIs(2));
}

}  // namespace
}  // namespace gate::net
