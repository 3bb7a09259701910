#include "net/udp_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "os/isolated_network_for_test.h"

namespace gate::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

base::Endpoint loopback() { return *base::Endpoint::parse("127.0.0.1:0"); }

os::UdpSocket open_socket(const base::Endpoint& address) { return *os::UdpSocket::create(*os::bind_udp(address)); }

class Ears final : public DatagramSink {
 public:
  void datagrams(UdpEndpoint& socket, os::DatagramTrain train) override {
    last_path = train.path;
    while (!train.bytes.empty()) texts.emplace_back(base::as_text(os::next_datagram(train)));
    if (on_datagrams) on_datagrams(socket);
  }
  void writable(UdpEndpoint& socket) override {
    ++writables;
    if (on_writable) on_writable(socket);
  }

  std::vector<std::string> texts;
  os::DatagramPath last_path;
  int writables = 0;
  std::function<void(UdpEndpoint&)> on_datagrams;
  std::function<void(UdpEndpoint&)> on_writable;
};

class UdpEndpointTest : public testing::Test {
 protected:
  std::unique_ptr<UdpEndpoint> endpoint_at(const base::Endpoint& address) {
    auto endpoint = std::make_unique<UdpEndpoint>(*loop_, *buffers_, ears_, open_socket(address), overflowed_);
    EXPECT_TRUE(endpoint->start().has_value());
    return endpoint;
  }
  static void send(os::UdpSocket& from, const UdpEndpoint& to, std::string_view text, std::size_t datagram_bytes) {
    const auto result = from.send({{from.local(), to.local()}, 0, base::as_bytes(text), datagram_bytes});
    ASSERT_EQ(result.state, os::SendState::kSent);
  }
  static void overflow(os::UdpSocket& from, const UdpEndpoint& to) {
    const std::string train(60'000, 'x');
    for (int i = 0; i < 1000; ++i) send(from, to, train, 1200);
    ASSERT_GT(to.socket().dropped(), 0U);
  }
  void turn() { loop_->turn(loop_->now()); }
  void turns_for(base::Duration time) {
    for (const auto end = clock_.now() + time; clock_.now() < end;) loop_->turn(end);
  }

  base::SystemClock clock_;
  std::unique_ptr<loop::Loop> loop_ = *loop::Loop::create(clock_);
  std::unique_ptr<TurnBuffers> buffers_ = std::make_unique<TurnBuffers>();
  Ears ears_;
  observe::Counter overflowed_;
};

TEST_F(UdpEndpointTest, gives_what_arrives_to_the_sink) {
  const auto endpoint = endpoint_at(loopback());
  auto client = open_socket(loopback());
  send(client, *endpoint, "one", 3);
  send(client, *endpoint, "twotwo2", 3);
  turn();
  EXPECT_THAT(ears_.texts, ElementsAre("one", "two", "two", "2"));
  EXPECT_EQ(ears_.last_path, (os::DatagramPath{endpoint->local(), client.local()}));
  turn();
  EXPECT_THAT(ears_.texts, SizeIs(4));
}

TEST_F(UdpEndpointTest, answers_on_the_path_it_was_asked_by) {
  const auto endpoint = endpoint_at(loopback());
  auto asking = open_socket(loopback());
  send(asking, *endpoint, "question", 8);
  turn();
  const auto result = endpoint->send({.path = ears_.last_path, .bytes = base::as_bytes("answer"), .datagram_bytes = 6});
  EXPECT_EQ(result.state, os::SendState::kSent);
  EXPECT_EQ(result.count, 6U);
  std::array<std::byte, 64> answer;
  EXPECT_EQ(recv(asking.descriptor(), answer.data(), answer.size(), 0), 6);
}

// Each sender's datagrams are a train of their own, so that none of them are joined on the way.
TEST_F(UdpEndpointTest, receives_a_bounded_number_of_trains_in_a_turn) {
  const auto endpoint = endpoint_at(loopback());
  std::vector<os::UdpSocket> clients;
  for (int i = 0; i < 150; ++i) {
    clients.push_back(open_socket(loopback()));
    send(clients.back(), *endpoint, "x", 1);
  }
  turn();
  EXPECT_THAT(ears_.texts, SizeIs(64));
  turn();
  EXPECT_THAT(ears_.texts, SizeIs(128));
  turn();
  EXPECT_THAT(ears_.texts, SizeIs(150));
}

TEST_F(UdpEndpointTest, leaves_to_another_what_arrives_after_it_has_stopped) {
  const auto endpoint = endpoint_at(loopback());
  auto client = open_socket(loopback());
  endpoint->stop_receiving();
  send(client, *endpoint, "x", 1);
  turn();
  EXPECT_THAT(ears_.texts, IsEmpty());
  EXPECT_EQ(endpoint->send({{endpoint->local(), client.local()}, 0, base::as_bytes("y"), 1}).state,
            os::SendState::kSent);
}

TEST_F(UdpEndpointTest, gives_nothing_more_to_a_sink_that_stops_it_in_the_middle) {
  const auto endpoint = endpoint_at(loopback());
  auto client = open_socket(loopback());
  auto other = open_socket(loopback());
  send(client, *endpoint, "x", 1);
  send(other, *endpoint, "y", 1);
  ears_.on_datagrams = [](UdpEndpoint& socket) { socket.stop_receiving(); };
  turn();
  EXPECT_THAT(ears_.texts, ElementsAre("x"));
}

TEST_F(UdpEndpointTest, does_not_wake_the_loop_for_what_it_has_sent) {
  constexpr std::chrono::milliseconds kWait{20};
  const auto endpoint = endpoint_at(loopback());
  auto client = open_socket(loopback());
  for (int i = 0; i < 3; ++i) {
    endpoint->send({{endpoint->local(), client.local()}, 0, base::as_bytes("y"), 1});
    const auto before = clock_.now();
    loop_->turn(before + kWait);
    EXPECT_GE(clock_.now() - before, kWait);
  }
}

TEST_F(UdpEndpointTest, counts_what_the_system_throws_away) {
  const auto endpoint = endpoint_at(loopback());
  auto client = open_socket(loopback());
  overflow(client, *endpoint);
  turns_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(overflowed_.value(), endpoint->socket().dropped());
  overflow(client, *endpoint);
  turns_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(overflowed_.value(), endpoint->socket().dropped());
}

TEST_F(UdpEndpointTest, counts_only_what_was_thrown_away_while_it_received) {
  auto socket = open_socket(loopback());
  auto client = open_socket(loopback());
  const std::string train(60'000, 'x');
  while (socket.dropped() == 0) {
    ASSERT_EQ(client.send({{client.local(), socket.local()}, 0, base::as_bytes(train), 1200}).state,
              os::SendState::kSent);
  }
  const auto before = socket.dropped();
  auto endpoint = std::make_unique<UdpEndpoint>(*loop_, *buffers_, ears_, std::move(socket), overflowed_);
  ASSERT_TRUE(endpoint->start().has_value());
  overflow(client, *endpoint);
  const auto dropped = endpoint->socket().dropped() - before;
  endpoint->stop_receiving();
  EXPECT_EQ(overflowed_.value(), dropped);
  overflow(client, *endpoint);
  turns_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(overflowed_.value(), dropped);
}

class FullUdpEndpointTest : public UdpEndpointTest {
 protected:
  void SetUp() override {
    network_ = os::IsolatedNetwork::create();
    if (!network_) GTEST_SKIP() << "only root may make a network";
    endpoint_ = endpoint_at(os::IsolatedNetwork::ours(0));
    const int least = 1;
    ASSERT_EQ(setsockopt(endpoint_->socket().descriptor(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    for (int i = 0; i < 20 && result_.state == os::SendState::kSent; ++i) result_ = send();
    ASSERT_EQ(result_.state, os::SendState::kWouldBlock);
  }
  os::SendResult send() {
    return endpoint_->send({{endpoint_->local(), os::IsolatedNetwork::nobody(443)}, 0, base::as_bytes(train_), 1200});
  }

  std::unique_ptr<os::IsolatedNetwork> network_;
  std::unique_ptr<UdpEndpoint> endpoint_;
  std::string train_ = std::string(3600, 'x');
  os::SendResult result_;
};

TEST_F(FullUdpEndpointTest, takes_nothing_until_there_is_room_and_tells_then) {
  for (int i = 0; i < 3; ++i) {
    turn();
    EXPECT_EQ(send().state, os::SendState::kWouldBlock);
    EXPECT_EQ(send().count, 0U);
  }
  EXPECT_EQ(ears_.writables, 0);
  ASSERT_TRUE(network_->switch_off());
  turn();
  EXPECT_EQ(ears_.writables, 1);
  EXPECT_NE(send().state, os::SendState::kWouldBlock);
  turn();
  EXPECT_EQ(ears_.writables, 1);
}

TEST_F(FullUdpEndpointTest, tells_of_room_when_it_receives_no_more) {
  endpoint_->stop_receiving();
  ASSERT_TRUE(network_->switch_off());
  turn();
  EXPECT_EQ(ears_.writables, 1);
}

TEST_F(FullUdpEndpointTest, stays_watched_when_the_sink_fills_it_again_at_once) {
  ASSERT_TRUE(network_->switch_off());
  ears_.on_writable = [&](UdpEndpoint&) {
    if (ears_.writables > 1) return;
    ASSERT_TRUE(network_->switch_on());
    for (int i = 0; i < 20 && send().state == os::SendState::kSent;) ++i;
  };
  turn();
  EXPECT_EQ(ears_.writables, 1);
  EXPECT_EQ(send().state, os::SendState::kWouldBlock);
  ASSERT_TRUE(network_->switch_off());
  turn();
  EXPECT_EQ(ears_.writables, 2);
}

}  // namespace
}  // namespace gate::net
