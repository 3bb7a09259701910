#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "dns/exchange.h"
#include "dns/message.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "os/random.h"
#include "os/socket.h"
#include "os/system_address.h"

namespace gate::dns {

// Moves by hand, so that nobody waits for silent servers.
class HandClock final : public base::Clock {
 public:
  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return std::chrono::system_clock::now(); }
  void advance(base::Duration by) { now_ += by; }

 private:
  base::Instant now_ = std::chrono::steady_clock::now();
};

// A loop whose time runs only where nobody has anything to do, so that nobody waits for silent servers.
class DnsTest : public testing::Test {
 protected:
  template <class T>
  T wait_for(std::optional<T>& outcome) {
    for (int idle = 0; !outcome; ++idle) {
      loop_->turn(loop_->now() + std::chrono::milliseconds(20));
      if (idle % 3 == 2) clock_.advance(std::chrono::seconds(1));
    }
    return *std::exchange(outcome, std::nullopt);
  }

  HandClock clock_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  os::SystemRandom random_;
  Context context_{*loop_, random_};
};

using Answers = std::vector<std::string>;

// A name server on a port of loopback, UDP and TCP, that answers what the test says. In the test's own loop.
class FakeServer {
 public:
  // The bytes to be sent for those received, each a message; none to keep silent.
  using Handler = std::function<Answers(base::ByteView request, bool tcp)>;

  FakeServer(loop::Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {
    bind();
    EXPECT_TRUE(loop_.watch(datagrams_.socket.number(), datagrams_, loop::Loop::Mode::kLevel).has_value());
    EXPECT_TRUE(loop_.watch(listener_.socket.number(), listener_, loop::Loop::Mode::kLevel).has_value());
  }
  ~FakeServer() {
    loop_.unwatch(datagrams_.socket.number());
    loop_.unwatch(listener_.socket.number());
    for (const auto& stream : streams_) loop_.unwatch(stream->socket.number());
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Ears final : loop::Watcher {
    Ears(FakeServer& of, void (FakeServer::*then)(Ears&)) : server(of), told(then) {}
    void on_ready(loop::Readiness) override { (server.*told)(*this); }
    FakeServer& server;
    void (FakeServer::*told)(Ears&);
    os::Fd socket;
    base::Buffer incoming;
  };

  void on_datagram(Ears& ears) {
    std::array<std::byte, 4096> room;
    os::SystemAddress peer;
    const auto count = recvfrom(ears.socket.number(), room.data(), room.size(), MSG_DONTWAIT, peer.get(), &peer.size);
    if (count < 0) return;
    for (const auto& answer : handler_(std::span(room).first(static_cast<std::size_t>(count)), false)) {
      sendto(ears.socket.number(), answer.data(), answer.size(), 0, peer.get(), peer.size);
    }
  }

  void on_connection(Ears& ears) {
    os::Accepted accepted;
    if (os::accept_tcp(ears.socket.number(), accepted) != os::AcceptState::kAccepted) return;
    auto& stream = *streams_.emplace_back(std::make_unique<Ears>(*this, &FakeServer::on_stream));
    stream.socket = std::move(accepted.socket);
    EXPECT_TRUE(loop_.watch(stream.socket.number(), stream, loop::Loop::Mode::kEdges).has_value());
  }

  void on_stream(Ears& ears) {
    const auto room = ears.incoming.prepare(4096);
    const auto received = os::receive(ears.socket.number(), room);
    if (received.state != os::IoState::kDone) return;
    ears.incoming.commit(received.count);
    base::ByteReader reader(ears.incoming.view());
    const auto request = reader.vector16();
    if (!request) return;
    for (const auto& answer : handler_(*request, true)) {
      const std::string length{static_cast<char>(answer.size() >> 8U), static_cast<char>(answer.size())};
      os::send(ears.socket.number(), base::as_bytes(length + answer));
    }
    ears.incoming.clear();
  }

  // A port that is free for both. The one that UDP gets may be another program's over TCP.
  void bind() {
    for (int attempt = 0; attempt < 20 && !listener_.socket.valid(); ++attempt) {
      datagrams_.socket = os::bind_udp(*base::Endpoint::parse("127.0.0.1:0")).value();
      endpoint_ = os::local_endpoint(datagrams_.socket.number()).value();
      if (auto listening = os::listen_tcp(endpoint_)) listener_.socket = *std::move(listening);
    }
    GATE_CHECK(listener_.socket.valid());
  }

  loop::Loop& loop_;
  Handler handler_;
  base::Endpoint endpoint_;
  Ears datagrams_{*this, &FakeServer::on_datagram};
  Ears listener_{*this, &FakeServer::on_connection};
  std::vector<std::unique_ptr<Ears>> streams_;
};

// The answer to `request` with `rcode` and `records`.
inline Message answer_to(base::ByteView request, std::vector<Record> records = {}, Rcode rcode = Rcode::kNoError) {
  Message answer = decode(request).value();
  answer.response = true;
  answer.rcode = rcode;
  answer.answers = std::move(records);
  answer.authorities.clear();
  answer.additionals.clear();
  answer.signature.reset();
  return answer;
}

}  // namespace gate::dns
