#include "net/arrival.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "http/testing/fake_exchange.h"
#include "net/codes.h"
#include "os/socket.h"
#include "tls/hello_for_test.h"

namespace gate::net {
namespace {

using namespace std::chrono_literals;

class ArrivalTest : public testing::Test, protected ArrivalOwner {
 protected:
  void SetUp() override {
    loop_ = loop::Loop::create(clock_).value();
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    proxy_ = os::Fd(ends[1]);
    http::ConnectionInfo info;
    info.peer = base::Endpoint::parse("10.0.0.1:40000").value();
    ours_ = os::Fd(ends[0]);
    info_ = info;
    await(Awaited::kProxyHeader);
  }

  void await(Awaited awaited) {
    const ArrivalContext context{*loop_, *buffers_, *this};
    if (arrival_) ours_ = arrival_->take_socket();
    if (arrival_) loop_->unwatch(ours_.number());
    arrival_ = std::make_unique<Arrival>(context, std::move(ours_), info_, awaited, loop_->now() + 10s);
    ASSERT_TRUE(arrival_->start());
    turn();
  }

  void arrived(Arrival& arrival, const tls::ClientHello* hello) override {
    if (hello) server_name_ = hello->server_name;
    peer_ = arrival.info().peer.to_string();
    socket_ = arrival.take_socket();
    loop_->bury(std::move(arrival_));
  }
  void turned_away(Arrival& arrival, base::ErrorCode code, std::string_view) override {
    EXPECT_EQ(&arrival, arrival_.get());
    refusal_ = code;
    loop_->bury(std::move(arrival_));
  }

  void turn() { loop_->turn(loop_->now()); }
  void send(std::string_view text) {
    ASSERT_EQ(write(proxy_.number(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    turn();
  }
  std::string rest() {
    std::array<std::byte, 100> room{};
    return std::string(base::as_text(std::span(room).first(os::receive(socket_.number(), room).count)));
  }

  http::testing::FakeClock clock_;
  std::unique_ptr<TurnBuffers> buffers_ = std::make_unique<TurnBuffers>();
  std::unique_ptr<loop::Loop> loop_;
  http::ConnectionInfo info_;
  os::Fd ours_;
  os::Fd proxy_;
  std::unique_ptr<Arrival> arrival_;
  std::string peer_;
  std::string server_name_;
  os::Fd socket_;
  base::ErrorCode refusal_;
};

constexpr std::string_view kHeader = "PROXY TCP4 203.0.113.5 10.0.0.9 50123 443\r\n";

TEST_F(ArrivalTest, waits_for_the_whole_header) {
  for (const char each : kHeader.substr(0, kHeader.size() - 1)) send({&each, 1});
  EXPECT_TRUE(arrival_);
  send("\n");
  EXPECT_FALSE(arrival_);
  EXPECT_EQ(peer_, "203.0.113.5:50123");
}

TEST_F(ArrivalTest, leaves_what_follows_the_header) {
  send(std::string(kHeader) + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(rest(), "GET / HTTP/1.1\r\n");
}

TEST_F(ArrivalTest, is_of_the_proxy_where_it_names_nobody) {
  send("PROXY UNKNOWN\r\n");
  EXPECT_EQ(peer_, "10.0.0.1:40000");
}

TEST_F(ArrivalTest, is_turned_away_as_soon_as_it_cannot_become_a_header) {
  send("G");
  EXPECT_EQ(refusal_, kBadProxyHeader);
}

TEST_F(ArrivalTest, is_turned_away_when_the_proxy_goes) {
  send("PROXY TCP4 203.0.113.5");
  EXPECT_TRUE(arrival_);
  proxy_.close();
  turn();
  EXPECT_EQ(refusal_, kProxyHeaderTimeout);
}

TEST_F(ArrivalTest, is_turned_away_when_the_proxy_goes_without_a_word) {
  proxy_.close();
  turn();
  EXPECT_EQ(refusal_, kProxyHeaderTimeout);
}

TEST_F(ArrivalTest, is_turned_away_when_the_header_does_not_come_in_time) {
  send("PROXY TCP4 203.0.113.5");
  clock_.instant += 11s;
  turn();
  EXPECT_EQ(refusal_, kProxyHeaderTimeout);
}

TEST_F(ArrivalTest, may_bring_all_at_once_and_go) {
  ASSERT_EQ(write(proxy_.number(), kHeader.data(), kHeader.size()), static_cast<ssize_t>(kHeader.size()));
  proxy_.close();
  turn();
  EXPECT_EQ(peer_, "203.0.113.5:50123");
}

TEST_F(ArrivalTest, tells_where_the_client_wants_to_go_and_takes_nothing) {
  await(Awaited::kClientHello);
  const std::string record = tls::for_test::HelloText().suites({0x1301}).server_name("example.com").record();
  for (const char each : record) send({&each, 1});
  EXPECT_EQ(server_name_, "example.com");
  EXPECT_EQ(rest(), record.substr(0, 100));
}

TEST_F(ArrivalTest, lets_others_see_to_what_is_no_hello) {
  await(Awaited::kClientHello);
  send("GET / HTTP/1.1\r\n");
  EXPECT_FALSE(arrival_);
  EXPECT_EQ(server_name_, "");
  EXPECT_EQ(rest(), "GET / HTTP/1.1\r\n");
}

TEST_F(ArrivalTest, lets_others_see_to_a_hello_that_does_not_come) {
  await(Awaited::kClientHello);
  send("\x16\x03\x01");
  clock_.instant += 11s;
  turn();
  EXPECT_FALSE(arrival_);
  EXPECT_EQ(rest(), "\x16\x03\x01");
}

TEST_F(ArrivalTest, lets_others_see_to_a_client_that_goes) {
  await(Awaited::kClientHello);
  proxy_.close();
  turn();
  EXPECT_FALSE(arrival_);
}

}  // namespace
}  // namespace gate::net
