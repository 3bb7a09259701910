#include "app/listeners.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "os/codes.h"
#include "os/isolated_network_for_test.h"
#include "os/socket.h"

namespace gate::app {
namespace {

base::Endpoint endpoint(const char* text) { return base::Endpoint::parse(text).value(); }

Settings settings(std::vector<base::Endpoint> https, std::vector<base::Endpoint> http = {}) {
  Settings result;
  result.https = std::move(https);
  result.http = std::move(http);
  result.http3 = Http3Mode::kOff;
  return result;
}

Settings with_http3(const base::Endpoint& https) {
  Settings result = settings({https});
  result.http3 = Http3Mode::kOn;
  return result;
}

TEST(Listeners, open_one_socket_a_worker_on_the_same_port) {
  Listeners listeners(3);
  auto change = listeners.prepare(settings({endpoint("127.0.0.1:0")}));
  ASSERT_TRUE(change.has_value());
  ASSERT_EQ(change->added.size(), 3U);
  EXPECT_NE(change->https_port, 0);
  for (const auto& sockets : change->added) {
    ASSERT_EQ(sockets.size(), 1U);
    EXPECT_EQ(sockets.front().address.port, change->https_port);
  }
}

TEST(Listeners, change_nothing_for_an_address_that_is_kept) {
  Listeners listeners(1);
  const auto wanted = settings({endpoint("127.0.0.1:0")}, {endpoint("127.0.0.2:0")});
  auto first = listeners.prepare(wanted);
  ASSERT_TRUE(first.has_value());
  listeners.commit(*first);
  ASSERT_EQ(listeners.addresses().size(), 2U);
  auto second = listeners.prepare(wanted);
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(second->added.front().empty());
  EXPECT_TRUE(second->removed.empty());
  EXPECT_EQ(second->https_port, first->https_port);
}

TEST(Listeners, name_addresses_that_are_no_longer_wanted) {
  Listeners listeners(2);
  auto first = listeners.prepare(settings({endpoint("127.0.0.1:0")}, {endpoint("127.0.0.2:0")}));
  ASSERT_TRUE(first.has_value());
  listeners.commit(*first);
  auto second = listeners.prepare(settings({endpoint("127.0.0.1:0")}));
  ASSERT_TRUE(second.has_value());
  ASSERT_EQ(second->removed.size(), 1U);
  listeners.commit(*second);
  EXPECT_EQ(listeners.addresses().size(), 1U);
  EXPECT_EQ(listeners.descriptors().size(), 2U);
}

TEST(Listeners, refuse_a_port_that_somebody_else_shares) {
  const auto other = os::listen_tcp(endpoint("127.0.0.1:0"));
  ASSERT_TRUE(other.has_value());
  const auto taken = os::local_endpoint(other->number());
  ASSERT_TRUE(taken.has_value());
  Listeners listeners(1);
  const auto change = listeners.prepare(settings({*taken}));
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().code, os::kPortInUse);
}

TEST(Listeners, use_inherited_sockets_and_serve_those_of_more_workers) {
  const auto one = os::listen_tcp(endpoint("127.0.0.1:0"));
  ASSERT_TRUE(one.has_value());
  const auto address = os::local_endpoint(one->number());
  ASSERT_TRUE(address.has_value());
  std::vector<os::InheritedSocket> inherited;
  for (int i = 0; i < 3; ++i) {
    auto socket = os::listen_tcp(*address);
    ASSERT_TRUE(socket.has_value());
    inherited.push_back({.fd = *std::move(socket), .address = *address, .name = {}});
  }
  Listeners listeners(2);
  listeners.inherit(std::move(inherited));
  auto change = listeners.prepare(settings({*address}));
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->added[0].size() + change->added[1].size(), 3U);
}

std::size_t of_role(const Listeners::Change& change, server::ListenerRole role) {
  std::size_t count = 0;
  for (const auto& sockets : change.added) {
    count += static_cast<std::size_t>(std::ranges::count(sockets, role, &server::ListenerSocket::role));
  }
  return count;
}

TEST(Listeners, open_udp_beside_tcp_on_the_same_port) {
  Listeners listeners(2);
  const auto change = listeners.prepare(with_http3(endpoint("127.0.0.1:0")));
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(of_role(*change, server::ListenerRole::kTls), 2U);
  EXPECT_EQ(of_role(*change, server::ListenerRole::kQuic), 2U);
  EXPECT_NE(change->http3_port, 0);
  EXPECT_EQ(change->http3_port, change->https_port);
}

TEST(Listeners, leave_http3_out_where_the_configuration_says_so) {
  auto wanted = with_http3(endpoint("127.0.0.1:0"));
  wanted.http3 = Http3Mode::kOff;
  Listeners none(1);
  EXPECT_EQ(of_role(*none.prepare(wanted), server::ListenerRole::kQuic), 0U);
  wanted.http3 = Http3Mode::kOn;
  wanted.without_http3 = {endpoint("127.0.0.1:0")};
  Listeners without(1);
  EXPECT_EQ(of_role(*without.prepare(wanted), server::ListenerRole::kQuic), 0U);
}

TEST(Listeners, need_the_udp_port_unless_http3_is_optional) {
  const auto other = os::bind_udp(endpoint("127.0.0.1:0"));
  ASSERT_TRUE(other.has_value());
  const auto taken = os::local_endpoint(other->number());
  ASSERT_TRUE(taken.has_value());
  auto wanted = with_http3(*taken);
  Listeners strict(1);
  const auto refused = strict.prepare(wanted);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, os::kPortInUse);
  EXPECT_NE(refused.error().what.find("udp"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().fix.find("http3 optional"), std::string::npos) << refused.error().fix;

  wanted.http3 = Http3Mode::kOptional;
  Listeners lenient(1);
  const auto change = lenient.prepare(wanted);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->left_out.size(), 1U);
  EXPECT_EQ(change->http3_port, 0);
  EXPECT_EQ(of_role(*change, server::ListenerRole::kTls), 1U);
}

TEST(Listeners, choose_a_port_that_is_free_for_udp_too) {
  const auto network = os::IsolatedNetwork::create();
  if (!network) GTEST_SKIP() << "a network of its own needs root";
  const os::Fd range(open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kEight = "40000 40007";
  ASSERT_EQ(write(range.number(), kEight.data(), kEight.size()), static_cast<ssize_t>(kEight.size()));
  std::vector<os::Fd> others;
  for (const char* taken : {"127.0.0.1:40000", "127.0.0.1:40001", "127.0.0.1:40004", "127.0.0.1:40005"}) {
    others.push_back(os::bind_udp(endpoint(taken)).value());
  }
  for (int i = 0; i < 10; ++i) {
    Listeners listeners(1);
    const auto change = listeners.prepare(with_http3(endpoint("127.0.0.1:0")));
    ASSERT_TRUE(change.has_value()) << change.error().what;
  }
}

TEST(Listeners, close_udp_alone_when_http3_is_turned_off) {
  auto wanted = with_http3(endpoint("127.0.0.1:0"));
  Listeners listeners(1);
  listeners.commit(*listeners.prepare(wanted));
  wanted.http3 = Http3Mode::kOff;
  const auto change = listeners.prepare(wanted);
  ASSERT_TRUE(change.has_value());
  ASSERT_EQ(change->removed.size(), 1U);
  EXPECT_EQ(change->removed.front().role, server::ListenerRole::kQuic);
}

}  // namespace
}  // namespace gate::app
