#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "http/exchange.h"
#include "http/h3/h3_wire.h"

namespace {

using namespace gate;

// Sends a request's body back.
class Echo final : public http::BodySource, private http::BodyWaker {
 public:
  explicit Echo(http::BodySource& from) : from_(from) { from.set_waker(this); }
  ~Echo() override { from_.set_waker(nullptr); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  http::BodyRead read(std::span<std::byte> into) override { return from_.read(into); }

 private:
  void body_ready() override { wake(); }
  http::BodySource& from_;
};

// QUIC without a network, which keeps to its own rules: nothing comes behind the end of a stream, nothing is taken
// beyond a window, and no more credit is given back than there were bytes.
class Network final : public quic::Transport {
 public:
  struct End {
    std::size_t received = 0;  // by the wire
    std::size_t released = 0;
    std::size_t window = 2000;
    std::size_t sent = 0;  // by the wire
    std::size_t acknowledged = 0;
    bool client_ended = false;
    bool stopped = false;
    bool server_ended = false;
    bool closed = false;
    std::vector<std::pair<base::ByteView, std::byte>> pieces{};  // not acknowledged, and what they began with
  };

  std::optional<quic::StreamId> open_one_way() override { return std::exchange(next_one_way_, next_one_way_ + 4); }
  void release(quic::StreamId id, std::size_t count) override {
    ends[id].released += count;
    release_connection(count);
  }
  void release_connection(std::size_t count) override {
    released += count;
    GATE_CHECK(released <= received);
  }
  void allow_another_stream() override {}
  void reset(quic::StreamId id, quic::ApplicationError) override { ends[id].server_ended = true; }
  void stop(quic::StreamId id, quic::ApplicationError) override { ends[id].stopped = true; }
  bool window_shut(quic::StreamId id) const override {
    const auto found = ends.find(id);
    return found != ends.end() && found->second.sent == found->second.window;
  }
  std::size_t datagram_bytes_max() const override { return 1200; }
  bool send_datagram(base::ByteView) override { return true; }
  void close(quic::ApplicationError, std::string_view) override { closed = true; }
  void wake() override {}

  std::map<quic::StreamId, End> ends;
  std::size_t received = 0;
  std::size_t released = 0;
  bool closed = false;

 private:
  quic::StreamId next_one_way_ = 3;
};

// A server whose services answer in every way there is, chosen by the stream.
class Server final : private http::Dispatcher, private http::WireObserver {
 public:
  Server() {
    limits_.streams_max = 16;
    limits_.header_bytes_max = 4096;
    limits_.body_bytes_max = 100'000;
    time_.now = base::Instant{std::chrono::hours(1)};
    time_.http_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    http::Dispatcher& dispatcher = *this;
    wire_ = std::make_unique<http::h3::H3Wire>(context_, dispatcher, connection_, limits_, network_);
    wire_->start();
  }

  ~Server() {
    wire_->abandoned();
    wire_.reset();
    GATE_CHECK(begun_ <= ended_);
    GATE_CHECK(network_.closed || network_.released <= network_.received);
  }

  bool closed() const { return network_.closed; }

  void give(quic::StreamId id, base::ByteView bytes, bool last) {
    auto& end = network_.ends[id];
    if (end.client_ended || end.stopped || end.closed) return;
    end.client_ended = last;
    end.received += bytes.size();
    network_.received += bytes.size();
    wire_->received(id, bytes, last);
  }
  void reset(quic::StreamId id) {
    auto& end = network_.ends[id];
    if (std::exchange(end.client_ended, true) || end.closed) return;
    wire_->reset_by_peer(id, 0x10c);
  }
  void stop(quic::StreamId id) {
    auto& end = network_.ends[id];
    if (end.closed || std::exchange(end.server_ended, true)) return;
    wire_->stopped_by_peer(id, 0x10c);
  }
  void open_window(quic::StreamId id, std::size_t bytes) {
    if (network_.ends[id].closed) return;
    network_.ends[id].window += bytes;
    wire_->unblocked(id);
  }
  void datagram(base::ByteView bytes) { wire_->datagram(bytes); }
  void drain() { wire_->drain(); }

  // Some time passes, and everything that was sent arrives, or nothing.
  void pass(std::chrono::milliseconds time, bool acknowledge) {
    time_.now += time;
    if (wire_->deadline() <= time_.now) wire_->on_deadline();
    GATE_CHECK(wire_->finished() || wire_->deadline() > time_.now);
    answer_waiting();
    produce();
    if (acknowledge) acknowledge_all();
    produce();
  }

 private:
  static constexpr std::string_view kText = "a body of fixed text, long enough for a frame";

  void dispatch(http::Exchange& exchange) override {
    ++begun_;
    switch (exchange.stream_id / 4 % 5) {
      case 0: exchange.respond(); break;
      case 1:
        exchange.response.body = exchange.make_text_body(kText);
        exchange.respond();
        break;
      case 2:
        exchange.response.body = exchange.make_body<Echo>(exchange.request_body());
        exchange.response.tunnel = exchange.request.method == http::Method::kConnect;
        exchange.respond();
        break;
      case 3: waiting_.push_back(&exchange); break;
      default: break;
    }
  }

  void answer_waiting() {
    while (!waiting_.empty()) {
      http::Exchange* exchange = waiting_.back();
      waiting_.pop_back();
      std::array<std::byte, 100> room;
      exchange->request_body().read(room);
      exchange->respond();
    }
  }

  void produce() {
    while (!network_.closed) {
      const quic::StreamOutput output = wire_->next_output();
      if (output.nothing()) return;
      auto& end = network_.ends[output.stream];
      if (end.server_ended) {
        wire_->shut(output.stream);
        continue;
      }
      take(output, end);
    }
  }

  void take(const quic::StreamOutput& output, Network::End& end) {
    std::size_t count = 0;
    std::size_t all = 0;
    for (const auto piece : std::span(output.pieces).first(output.count)) {
      all += piece.size();
      const auto part = piece.first(std::min(piece.size(), end.window - end.sent - count));
      if (!part.empty()) end.pieces.emplace_back(part, part.front());
      count += part.size();
    }
    if (count == 0 && all > 0) return wire_->blocked(output.stream);
    end.sent += count;
    end.server_ended = output.last && count == all;
    wire_->taken(output.stream, count);
  }

  void acknowledge_all() {
    for (auto& [id, end] : network_.ends) {
      if (network_.closed) return;
      for (const auto& [bytes, first] : std::exchange(end.pieces, {})) GATE_CHECK(bytes.front() == first);
      const std::size_t news = end.sent - std::exchange(end.acknowledged, end.sent);
      if (news > 0 && !end.closed) wire_->acknowledged(id, news);
      if (!quic::is_bidirectional(id) || end.closed || !end.client_ended || !end.server_ended) continue;
      end.closed = true;
      wire_->closed(id, std::nullopt);
    }
  }

  void finished(const http::Exchange& exchange) override {
    ++ended_;
    GATE_CHECK(exchange.outcome != http::Outcome::kPending);
    std::erase(waiting_, &exchange);
  }
  void violation(const http::ConnectionInfo&, const http::WireEvent& event) override {
    GATE_CHECK(!event.what.empty());
  }

  http::Limits limits_;
  http::ConnectionInfo connection_;
  http::TurnTime time_;
  base::BlockPool blocks_;
  Network network_;
  std::vector<http::Exchange*> waiting_;
  std::size_t begun_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t next_id_ = 1;
  http::WireContext context_{blocks_, time_, *this, next_id_, nullptr};
  std::unique_ptr<http::h3::H3Wire> wire_;
};

// The first streams of each kind, so that the input meets the same one often.
quic::StreamId stream_of(unsigned number) { return number < 0x80 ? number % 16 * 4 : 2 + number % 5 * 4; }

// What happens to a stream next: `number` says which, and `bytes` what comes.
void act(Server& server, unsigned kind, unsigned number, base::ByteView bytes) {
  const quic::StreamId id = stream_of(number);
  switch (kind % 8) {
    case 0:
    case 1: return server.give(id, bytes, false);
    case 2: return server.give(id, bytes, true);
    case 3: return server.reset(id);
    case 4: return server.stop(id & ~3);
    case 5: return server.open_window(id & ~3, bytes.size() * 100);
    case 6: return server.datagram(bytes);
    default: return number % 8 == 0 ? server.drain() : server.pass(std::chrono::milliseconds(number * 20), true);
  }
}

}  // namespace

// Steps of a client: a byte says what happens, one to which stream, one how many bytes follow for it, and then those.
// Every exchange that began ends once, every deadline that was handled lies ahead, what was sent stays readable until
// it is acknowledged, and credit is given back once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::ByteReader reader(std::as_bytes(std::span(data, size)));
  Server server;
  while (!server.closed()) {
    const auto kind = reader.u8();
    const auto number = reader.u8();
    const auto bytes = reader.vector8();
    if (!kind || !number || !bytes) break;
    act(server, *kind, *number, *bytes);
    if (!server.closed()) server.pass(std::chrono::milliseconds(*kind / 8), *kind < 0x80);
  }
  return 0;
}
