#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/connection.h"
#include "tls/pair_for_test.h"

// A connection over a pair of sockets, with an owner and a wire that do what the test says.
namespace gate::net::for_test {

using namespace std::chrono_literals;

class HandClock final : public base::Clock {
 public:
  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return std::chrono::system_clock::now(); }
  void pass(base::Duration time) { now_ += time; }

 private:
  base::Instant now_{1h};
};

// What the wire saw, and what it is to do; outlives it.
struct WireState {
  std::string received;
  std::string to_send;
  bool finished = false;
  bool output_ended = false;
  bool wants_read = true;
  base::Instant due = base::Instant::max();
  int ends = 0;
  int deadlines = 0;
  int drains = 0;
  int abandons = 0;
  std::size_t progress = 0;
};

class FakeWire final : public http::Wire {
 public:
  explicit FakeWire(WireState& state) : state_(state) {}

  void receive(base::ByteView bytes) override { state_.received += base::as_text(bytes); }
  void receive_end() override { ++state_.ends; }
  void produce(base::Buffer& out, std::size_t budget) override {
    const std::size_t count = std::min(budget, state_.to_send.size());
    out.append(base::as_bytes(std::string_view(state_.to_send).substr(0, count)));
    state_.to_send.erase(0, count);
  }
  bool wants_read() const override { return state_.wants_read; }
  bool finished() const override { return state_.finished && state_.to_send.empty(); }
  bool output_ended() const override { return finished() || (state_.output_ended && state_.to_send.empty()); }
  base::Instant deadline() const override { return state_.due; }
  void on_deadline() override {
    ++state_.deadlines;
    state_.due = base::Instant::max();
  }
  void drain() override { ++state_.drains; }
  std::size_t exchanges() const override { return 0; }
  void abandon() override { ++state_.abandons; }
  void note_progress(std::size_t bytes_sent) override { state_.progress += bytes_sent; }

 private:
  WireState& state_;
};

class FakeOwner final : public ConnectionOwner {
 public:
  explicit FakeOwner(loop::Loop& loop) : loop_(loop) {}

  std::unique_ptr<http::Wire> make_wire(Connection&) override {
    return gives_wire ? std::make_unique<FakeWire>(wire) : nullptr;
  }
  void queue_handshake(Connection& connection) override { connection.run_handshake(); }
  bool await_certificate(Connection&) override {
    ++waits;
    return may_wait;
  }
  void handshake_done(const Connection&) override { ++handshakes; }
  void handshake_failed(const Connection&, const base::Error& error) override { failures.push_back(error.code); }
  std::string_view plain_http_answer() const override { return "HTTP/1.1 400 Bad Request\r\n\r\n"; }
  void closed(Connection& connection, CloseReason reason) override {
    ends.push_back(reason);
    GATE_CHECK(held.get() == &connection);
    loop_.bury(std::move(held));
  }

  WireState wire;
  bool gives_wire = true;
  bool may_wait = true;
  int waits = 0;
  int handshakes = 0;
  std::vector<base::ErrorCode> failures;
  std::vector<CloseReason> ends;
  std::unique_ptr<Connection> held;

 private:
  loop::Loop& loop_;
};

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loop = loop::Loop::create(clock_);
    ASSERT_TRUE(loop.has_value());
    loop_ = std::move(*loop);
    owner_ = std::make_unique<FakeOwner>(*loop_);
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    ours_ = os::Fd(ends[0]);
    peer_ = os::Fd(ends[1]);
  }

  void open(std::unique_ptr<tls::Engine> engine = nullptr) {
    ConnectionContext context{*loop_, *buffers_, *owner_, received_, sent_};
    http::ConnectionInfo info;
    info.accepted_at = loop_->now();
    owner_->held = std::make_unique<Connection>(context, std::move(ours_), info, limits_, std::move(engine));
    ASSERT_TRUE(connection().start());
    turn();
  }
  void open_tls() {
    auto server = tls::for_test::make_server(tls::for_test::example_settings());
    open(std::make_unique<tls::Engine>(std::move(server), tls::for_test::address("192.0.2.9"), clock_));
  }

  Connection& connection() { return *owner_->held; }
  WireState& wire() { return owner_->wire; }

  void turn() { loop_->turn(loop_->now()); }
  void pass(base::Duration time) {
    clock_.pass(time);
    turn();
  }

  void peer_sends(std::string_view text) {
    ASSERT_EQ(write(peer_.number(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    turn();
  }
  // What has come; stops where a read would wait.
  std::string peer_reads() {
    std::string text;
    std::array<char, 65536> block;
    ssize_t count = 0;
    while ((count = read(peer_.number(), block.data(), block.size())) > 0) {
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    peer_saw_end_ = count == 0;
    return text;
  }
  // Reads and lets the connection send in turns, until nothing more comes.
  std::string peer_reads_all() {
    std::string text;
    for (std::string more = peer_reads(); !more.empty(); more = peer_reads()) {
      text += more;
      turn();
    }
    return text;
  }

  std::shared_ptr<const http::Limits> limits_ = std::make_shared<const http::Limits>();
  HandClock clock_;
  observe::Counter received_;
  observe::Counter sent_;
  std::unique_ptr<TurnBuffers> buffers_ = std::make_unique<TurnBuffers>();
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<FakeOwner> owner_;
  os::Fd ours_;
  os::Fd peer_;
  bool peer_saw_end_ = false;
};

}  // namespace gate::net::for_test
