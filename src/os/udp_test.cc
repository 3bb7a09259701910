#include "os/udp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "os/codes.h"
#include "os/isolated_network_for_test.h"
#include "os/port_owner.h"

namespace gate::os {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

base::Endpoint at(std::string_view text) { return *base::Endpoint::parse(text); }
base::Endpoint at(std::string_view address, std::uint16_t port) { return {*base::IpAddress::parse(address), port}; }

int option(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(socket, level, name, &value, &size), 0);
  return value;
}

struct Received {
  DatagramPath path;
  std::uint8_t ecn = 0;
  std::string text;
};

// A socket with a memory of what came.
struct Peer {
  explicit Peer(std::string_view address) : Peer(*UdpSocket::create(*bind_udp(at(address)))) {}
  explicit Peer(UdpSocket made) : socket(std::move(made)) {}

  const base::Endpoint& local() const { return socket.local(); }

  SendResult send(const base::Endpoint& to, std::string_view text, std::size_t datagram_bytes, std::uint8_t ecn = 0) {
    return socket.send({{local(), to}, ecn, base::as_bytes(text), datagram_bytes});
  }

  // Waits for `count` datagrams, a second at most.
  std::vector<Received> receive(std::size_t count) {
    std::vector<Received> all;
    std::array<DatagramTrain, UdpSocket::kTrainsMax> trains;
    while (all.size() < count) {
      pollfd ready{socket.descriptor(), POLLIN, 0};
      if (poll(&ready, 1, 1000) <= 0) break;
      const auto result = socket.receive(std::span<std::byte, UdpSocket::kReceiveBytes>(memory), trains);
      for (auto& train : std::span(trains).first(result.count)) {
        while (!train.bytes.empty()) {
          all.push_back({train.path, train.ecn, std::string(base::as_text(next_datagram(train)))});
        }
      }
    }
    return all;
  }

  UdpSocket socket;
  std::vector<std::byte> memory = std::vector<std::byte>(UdpSocket::kReceiveBytes);
};

std::string pattern(std::size_t bytes) {
  std::string text(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i * 7 % 23 + i / 1000 % 3);
  return text;
}

std::vector<std::size_t> sizes(const std::vector<Received>& datagrams) {
  std::vector<std::size_t> result;
  for (const auto& each : datagrams) result.push_back(each.text.size());
  return result;
}

std::string joined(const std::vector<Received>& datagrams) {
  std::string text;
  for (const auto& each : datagrams) text += each.text;
  return text;
}

TEST(BindUdp, shares_the_port_with_others_of_ours) {
  const auto first = bind_udp(at("127.0.0.1:0"));
  ASSERT_TRUE(first.has_value());
  const auto second = bind_udp(*local_endpoint(first->number()));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(*local_endpoint(second->number()), *local_endpoint(first->number()));
}

TEST(BindUdp, finds_out_who_has_the_port) {
  const auto held = bind_udp(at("127.0.0.1:0"));
  const auto address = *local_endpoint(held->number());
  const auto free = check_port_free(address, Transport::kUdp);
  ASSERT_FALSE(free.has_value());
  EXPECT_EQ(free.error().code, kPortInUse);
  EXPECT_THAT(free.error().what, testing::EndsWith("(udp)"));
  const auto owners = find_port_owners(address, Transport::kUdp);
  ASSERT_THAT(owners, SizeIs(1));
  EXPECT_EQ(owners.front().pid, ::getpid());
  EXPECT_TRUE(check_port_free(address, Transport::kTcp).has_value());
}

TEST(BindUdp, finds_a_port_free_that_only_tcp_uses) {
  const auto listener = listen_tcp(at("127.0.0.1:0"));
  EXPECT_TRUE(check_port_free(*local_endpoint(listener->number()), Transport::kUdp).has_value());
}

TEST(BindUdp, names_the_transport_of_an_address_this_machine_has_not) {
  const auto refused = bind_udp(at("192.0.2.77:4443"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().what, "cannot listen on 192.0.2.77:4443 (udp)");
}

TEST(BindUdp, takes_both_families_side_by_side) {
  const auto six = bind_udp(at("[::]:0"));
  if (!six) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(bind_udp(at("0.0.0.0", local_endpoint(six->number())->port)).has_value());
}

// A listener's socket is bound before it becomes one of these; what comes between is somebody's first packet.
TEST(UdpSocket, tells_where_a_datagram_was_sent_to_that_came_before_the_socket_was_prepared) {
  for (const std::string_view address : {"127.0.0.1:0", "[::1]:0"}) {
    auto bound = bind_udp(at(address));
    if (!bound) continue;  // a machine without IPv6
    Peer peer(address);
    const auto to = *local_endpoint(bound->number());
    ASSERT_EQ(peer.send(to, "early", 5).state, SendState::kSent);
    Peer listener(*UdpSocket::create(*std::move(bound)));
    ASSERT_EQ(peer.send(to, "later", 5).state, SendState::kSent);
    const auto received = listener.receive(2);
    ASSERT_THAT(received, SizeIs(2));
    for (const auto& each : received) EXPECT_EQ(each.path.local, to) << each.text;
  }
}

TEST(UdpSocket, tells_path_and_mark_of_a_datagram) {
  for (const auto* address : {"127.0.0.1:0", "[::1]:0"}) {
    if (!bind_udp(at(address))) continue;  // a machine without IPv6
    Peer server(address);
    Peer client(address);
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
      ASSERT_EQ(client.send(server.local(), "hello", 5, ecn).state, SendState::kSent);
      const auto received = server.receive(1);
      ASSERT_THAT(received, SizeIs(1));
      EXPECT_EQ(received[0].path, (DatagramPath{server.local(), client.local()}));
      EXPECT_EQ(received[0].ecn, ecn);
      EXPECT_EQ(received[0].text, "hello");
    }
  }
}

TEST(UdpSocket, answers_from_the_address_it_was_asked_at) {
  Peer server("0.0.0.0:0");
  Peer client("127.0.0.1:0");
  for (const auto* asked : {"127.0.0.2", "127.0.0.3"}) {
    client.send(at(asked, server.local().port), "question", 100);
    const auto question = server.receive(1);
    ASSERT_THAT(question, SizeIs(1));
    EXPECT_EQ(question[0].path.local, at(asked, server.local().port));
    server.socket.send({question[0].path, 0, base::as_bytes("answer"), 6});
    const auto answer = client.receive(1);
    ASSERT_THAT(answer, SizeIs(1));
    EXPECT_EQ(answer[0].path.peer, at(asked, server.local().port));
  }
}

// fe80::… means nothing without the interface, which the answer has to go out by.
TEST(UdpSocket, answers_a_link_local_peer) {
  const auto network = IsolatedNetwork::create();
  if (!network) GTEST_SKIP() << "only root may make a network";
  const auto own = network->link_local();
  if (!own) GTEST_SKIP() << "no IPv6 here";
  Peer server("[::]:0");
  const Fd client(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto to = to_system({own->address, server.local().port}, own->interface);
  ASSERT_EQ(::sendto(client.number(), "question", 8, 0, to.get(), to.size), 8);
  const auto question = server.receive(1);
  ASSERT_THAT(question, SizeIs(1));
  EXPECT_EQ(question[0].path.local.address, own->address);
  EXPECT_EQ(question[0].path.interface, own->interface);
  EXPECT_EQ(server.socket.send({question[0].path, 1, base::as_bytes("answer"), 6}).state, SendState::kSent);
  std::array<char, 16> answer{};
  EXPECT_EQ(::recv(client.number(), answer.data(), answer.size(), 0), 6);
}

TEST(UdpSocket, sends_a_train_as_datagrams_of_equal_size_with_a_shorter_last) {
  for (const auto* address : {"127.0.0.1:0", "[::1]:0"}) {
    if (!bind_udp(at(address))) continue;  // a machine without IPv6
    Peer server(address);
    Peer client(address);
    const auto text = pattern(4 * 1200 + 77);
    const auto sent = client.send(server.local(), text, 1200, 2);
    EXPECT_EQ(sent.state, SendState::kSent);
    EXPECT_EQ(sent.count, text.size());
    const auto received = server.receive(5);
    EXPECT_THAT(sizes(received), ElementsAre(1200, 1200, 1200, 1200, 77));
    EXPECT_EQ(joined(received), text);
    for (const auto& each : received) EXPECT_EQ(each.ecn, 2);
  }
}

TEST(UdpSocket, sends_a_train_longer_than_the_system_takes_at_once) {
  Peer server("127.0.0.1:0");
  Peer client("127.0.0.1:0");
  const auto text = pattern(150 * 1000 + 1);
  EXPECT_EQ(client.send(server.local(), text, 1000).count, text.size());
  const auto received = server.receive(151);
  EXPECT_THAT(received, SizeIs(151));
  EXPECT_EQ(joined(received), text);
}

TEST(UdpSocket, keeps_the_trains_of_several_peers_apart) {
  Peer server("127.0.0.1:0");
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<Peer>("127.0.0.1:0"));
    clients.back()->send(server.local(), std::string(300, static_cast<char>('a' + i)), 100);
  }
  const auto received = server.receive(36);
  ASSERT_THAT(received, SizeIs(36));
  for (const auto& each : received) {
    const auto from = static_cast<std::size_t>(each.text.front() - 'a');
    EXPECT_EQ(each.path.peer, clients.at(from)->local());
    EXPECT_THAT(each.text, testing::AllOf(SizeIs(100), Each(each.text.front())));
  }
}

TEST(UdpSocket, passes_over_empty_datagrams) {
  Peer server("127.0.0.1:0");
  const Fd client(::socket(AF_INET, SOCK_DGRAM, 0));
  auto to = to_system(server.local());
  ASSERT_EQ(::sendto(client.number(), "", 0, 0, to.get(), to.size), 0);
  ASSERT_EQ(::sendto(client.number(), "x", 1, 0, to.get(), to.size), 1);
  const auto received = server.receive(1);
  EXPECT_THAT(sizes(received), ElementsAre(1));
}

TEST(UdpSocket, takes_the_longest_datagram_there_is) {
  Peer server("127.0.0.1:0");
  Peer client("127.0.0.1:0");
  EXPECT_EQ(client.send(server.local(), pattern(65'507), 65'507).state, SendState::kSent);
  EXPECT_THAT(sizes(server.receive(1)), ElementsAre(65'507));
  EXPECT_EQ(client.send(server.local(), pattern(65'508), 65'508).state, SendState::kTooLong);
}

TEST(UdpSocket, says_when_nothing_waits) {
  Peer server("127.0.0.1:0");
  std::array<DatagramTrain, UdpSocket::kTrainsMax> trains;
  const auto result = server.socket.receive(std::span<std::byte, UdpSocket::kReceiveBytes>(server.memory), trains);
  EXPECT_EQ(result.state, IoState::kWouldBlock);
  EXPECT_EQ(result.count, 0U);
}

TEST(UdpSocket, counts_what_nobody_received_in_time) {
  Peer server("127.0.0.1:0");
  Peer client("127.0.0.1:0");
  EXPECT_EQ(server.socket.dropped(), 0U);
  const auto text = pattern(60'000);
  for (int i = 0; i < 1000; ++i) client.send(server.local(), text, 1200);
  EXPECT_GT(server.socket.dropped(), 0U);
}

TEST(UdpSocket, is_not_to_be_fragmented) {
  const Peer four("127.0.0.1:0");
  EXPECT_EQ(option(four.socket.descriptor(), IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
  if (!bind_udp(at("[::1]:0"))) return;  // a machine without IPv6
  const Peer six("[::1]:0");
  EXPECT_EQ(option(six.socket.descriptor(), IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_PROBE);
  EXPECT_EQ(option(six.socket.descriptor(), IPPROTO_IPV6, IPV6_DONTFRAG), 1);
}

class UdpOnEthernet : public testing::Test {
 protected:
  void SetUp() override {
    network_ = IsolatedNetwork::create();
    if (!network_) GTEST_SKIP() << "only root may make a network";
    socket_ = std::make_unique<UdpSocket>(*UdpSocket::create(*bind_udp(IsolatedNetwork::ours(0))));
  }
  SendResult send(std::string_view text, std::size_t datagram_bytes) {
    return socket_->send({{socket_->local(), IsolatedNetwork::nobody(443)}, 0, base::as_bytes(text), datagram_bytes});
  }

  std::unique_ptr<IsolatedNetwork> network_;
  std::unique_ptr<UdpSocket> socket_;
};

TEST_F(UdpOnEthernet, says_which_datagrams_are_too_long_for_the_device) {
  ASSERT_TRUE(network_->set_mtu(1400));
  EXPECT_EQ(send(pattern(1372), 1372).state, SendState::kSent);
  EXPECT_EQ(send(pattern(1373), 1373).state, SendState::kTooLong);
  const auto train = send(pattern(5 * 1373), 1373);
  EXPECT_EQ(train.state, SendState::kTooLong);
  EXPECT_EQ(train.count, 0U);
}

TEST_F(UdpOnEthernet, says_when_the_socket_is_full) {
  const int least = 1;
  ASSERT_EQ(setsockopt(socket_->descriptor(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  SendResult result;
  for (int i = 0; i < 20 && result.state == SendState::kSent; ++i) result = send(pattern(5 * 1200), 1200);
  EXPECT_EQ(result.state, SendState::kWouldBlock);
  EXPECT_EQ(result.count % 1200, 0U);
  ASSERT_TRUE(network_->switch_off());
  EXPECT_NE(send(pattern(1200), 1200).state, SendState::kWouldBlock);
}

TEST_F(UdpOnEthernet, reports_a_peer_without_a_route_as_a_loss) {
  const auto result = socket_->send({{socket_->local(), at("203.0.113.1:443")}, 0, base::as_bytes("x"), 1});
  EXPECT_EQ(result.state, SendState::kLost);
  EXPECT_EQ(result.error, ENETUNREACH);
}

// The kernel refuses to cut trains where checksums are off, as it does for devices that cannot compute them.
TEST_F(UdpOnEthernet, sends_datagrams_singly_where_trains_are_refused) {
  const int on = 1;
  ASSERT_EQ(setsockopt(socket_->descriptor(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  for (int i = 0; i < 3; ++i) {
    const auto result = send(pattern(5 * 1200 + 1), 1200);
    EXPECT_EQ(result.state, SendState::kSent) << result.error;
    EXPECT_EQ(result.count, 6001U);
  }
}

}  // namespace
}  // namespace gate::os
