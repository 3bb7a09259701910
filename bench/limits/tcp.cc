#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "base/check.h"
#include "base/ip.h"
#include "bench/limits/floor.h"
#include "os/fd.h"
#include "os/socket.h"

namespace gate::bench {
namespace {

constexpr std::size_t kHelloBytes = 512;
constexpr std::size_t kFlightBytes = 1200;

std::array<std::byte, 128 * 1024>& room() {
  static std::array<std::byte, 128 * 1024> bytes;
  return bytes;
}

void send_all(int socket, std::size_t bytes) {
  const auto sent = os::send(socket, std::span(room()).first(bytes));
  GATE_CHECK(sent.state == os::IoState::kDone && sent.count == bytes);
}

void receive_all(int socket, std::size_t bytes) {
  for (std::size_t got = 0; got < bytes;) {
    const auto received = os::receive(socket, room());
    GATE_CHECK(received.state == os::IoState::kDone);
    got += received.count;
  }
}

class Listener {
 public:
  Listener() : socket_(*os::listen_tcp({base::IpAddress::v4({127, 0, 0, 1}), 0})) {
    address_ = *os::local_endpoint(socket_.number());
  }

  os::Fd connect() const { return *os::start_connecting(address_); }
  os::Fd accept() const {
    os::Accepted accepted;
    GATE_CHECK(os::accept_tcp(socket_.number(), accepted) == os::AcceptState::kAccepted);
    return std::move(accepted.socket);
  }

 private:
  os::Fd socket_;
  base::Endpoint address_;
};

// The server's half of a connection as TLS 1.3 needs it: accept, watch, read a hello, send a flight, read the client's
// last message and its request, send the answer, close.
void measure_connection() {
  const Listener listener;
  const os::Fd queue(epoll_create1(0));
  measure_floor("tcp_connection", kBatch, [&](Stopwatch& watch) {
    std::deque<os::Fd> clients, servers;
    const auto exchange = [&] {
      for (const auto& each : clients) send_all(each.number(), kHelloBytes);
      watch.start();
      for (const auto& each : servers) {
        receive_all(each.number(), kHelloBytes);
        send_all(each.number(), kFlightBytes);
      }
      watch.stop();
      for (const auto& each : clients) receive_all(each.number(), kFlightBytes);
    };
    for (int i = 0; i < kBatch; ++i) clients.push_back(listener.connect());
    watch.start();
    for (int i = 0; i < kBatch; ++i) {
      servers.push_back(listener.accept());
      epoll_event event{};
      event.events = EPOLLIN;
      GATE_CHECK(epoll_ctl(queue.number(), EPOLL_CTL_ADD, servers.back().number(), &event) == 0);
    }
    watch.stop();
    exchange();
    exchange();
    watch.start();
    servers.clear();
    watch.stop();
  });
}

// What sending costs; the client's receiving is not counted.
void measure_send(const char* name, std::size_t bytes) {
  const Listener listener;
  std::vector<os::Fd> clients, servers;
  for (int i = 0; i < kBatch; ++i) {
    clients.push_back(listener.connect());
    servers.push_back(listener.accept());
  }
  measure_floor(name, kBatch, [&](Stopwatch& watch) {
    watch.start();
    for (const auto& each : servers) send_all(each.number(), bytes);
    watch.stop();
    for (const auto& each : clients) receive_all(each.number(), bytes);
  });
}

}  // namespace

void measure_tcp() {
  measure_connection();
  measure_send("tcp_send_200", 200);
  measure_send("tcp_send_16k", 16 * 1024);
  measure_send("tcp_send_64k", 64 * 1024);
}

}  // namespace gate::bench
