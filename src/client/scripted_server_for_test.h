#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "loop/loop.h"
#include "os/socket.h"

namespace gate::client {

// A server on a free port of loopback, on the test's own loop, that answers each request with what the test says.
class ScriptedServer final : private loop::Watcher {
 public:
  // What is answered to a request's head and body, as bytes; an empty text leaves it without an answer.
  using Answer = std::function<std::string(const std::string& request)>;

  ScriptedServer(loop::Loop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)) {
    listener_ = os::listen_tcp({base::IpAddress::parse("127.0.0.1").value(), 0}).value();
    EXPECT_TRUE(loop_.watch(listener_.number(), *this, loop::Loop::Mode::kLevel));
  }
  ~ScriptedServer() {
    for (const auto& peer : peers_) loop_.unwatch(peer->socket.number());
    loop_.unwatch(listener_.number());
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(std::string_view target = "/") const {
    return "http://" + os::local_endpoint(listener_.number()).value().to_string() + std::string(target);
  }

  // "HTTP/1.1 200 OK" with these fields, each ended by a line break, and a body.
  static std::string response(std::string_view status, std::string_view fields, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  std::vector<std::string> requests;
  std::size_t connections = 0;

 private:
  struct Peer final : loop::Watcher {
    Peer(ScriptedServer& of, os::Fd connected) : server(of), socket(std::move(connected)) {}
    void on_ready(loop::Readiness) override { server.receive(*this); }
    ScriptedServer& server;
    os::Fd socket;
    std::string received;
  };

  void on_ready(loop::Readiness) override {
    os::Accepted accepted;
    while (os::accept_tcp(listener_.number(), accepted) == os::AcceptState::kAccepted) {
      ++connections;
      peers_.push_back(std::make_unique<Peer>(*this, std::move(accepted.socket)));
      EXPECT_TRUE(loop_.watch(peers_.back()->socket.number(), *peers_.back(), loop::Loop::Mode::kLevel));
    }
  }

  void receive(Peer& peer) {
    std::array<std::byte, 4096> piece;
    const auto got = os::receive(peer.socket.number(), piece);
    if (got.state != os::IoState::kDone) return loop_.unwatch(peer.socket.number());
    peer.received += base::as_text(std::span(piece).first(got.count));
    while (const auto size = request_size(peer.received)) {
      requests.push_back(peer.received.substr(0, size));
      peer.received.erase(0, size);
      const std::string answer = answer_(requests.back());
      EXPECT_EQ(os::send(peer.socket.number(), base::as_bytes(answer)).count, answer.size());
    }
  }

  // Of the first request, head and body; 0 while it is not complete.
  static std::size_t request_size(std::string_view received) {
    constexpr std::string_view kLength = "content-length: ";
    const auto head = received.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    const std::string fields = base::lowered(received.substr(0, head + 2));
    const auto at = fields.find(kLength);
    std::size_t body = 0;
    if (at != std::string::npos) {
      const auto digits = std::string_view(fields).substr(at + kLength.size());
      body = base::parse_number<std::size_t>(digits.substr(0, digits.find('\r'))).value();
    }
    const std::size_t size = head + 4 + body;
    return received.size() < size ? 0 : size;
  }

  loop::Loop& loop_;
  Answer answer_;
  os::Fd listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace gate::client
