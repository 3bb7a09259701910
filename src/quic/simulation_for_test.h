#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "quic/connection.h"
#include "quic/reception.h"
#include "tls/pair_for_test.h"

// A client, a server and a network between them, all in memory and in simulated time. The same seed makes the same
// network: what is lost, doubled, delayed and overtaken.
namespace gate::quic::for_test {

class Clock final : public base::Clock {
 public:
  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return kStart + (now_ - base::Instant{}); }
  void set(base::Instant now) { now_ = std::max(now_, now); }

 private:
  static inline const base::WallTime kStart = std::chrono::system_clock::now();
  base::Instant now_ = base::Instant{} + std::chrono::seconds(1000);
};

// SplitMix64: small, and the same everywhere.
class Random final : public base::Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
  void fill(std::span<std::byte> bytes) override {
    for (auto& each : bytes) each = static_cast<std::byte>(next());
  }

 private:
  std::uint64_t state_;
};

// The bytes at each place of a stream: a stream's number and the place decide.
inline std::byte pattern(StreamId stream, std::uint64_t place) {
  return static_cast<std::byte>((place * 31 + (place >> 8) * 7 + static_cast<std::uint64_t>(stream) * 13) & 0xff);
}

// What both test applications share: outgoing bytes that stay until acknowledged.
class ByteApplication : public Application {
 public:
  explicit ByteApplication(Transport& transport) : transport_(transport) {}

  void start() override { started = true; }
  void received(StreamId stream, base::ByteView bytes, bool last) override {
    took(stream, bytes, last);
    if (!bytes.empty()) transport_.release(stream, bytes.size());
  }
  void reset_by_peer(StreamId stream, ApplicationError code) override { resets[stream] = code; }
  void stopped_by_peer(StreamId stream, ApplicationError code) override { stops[stream] = code; }
  void closed(StreamId stream, std::optional<ApplicationError>) override {
    ++streams_closed;
    sending.erase(stream);
    if (is_bidirectional(stream)) transport_.allow_another_stream();
  }
  StreamOutput next_output() override {
    for (auto& [id, out] : sending) {
      if (out.blocked || out.shut || out.done()) continue;
      StreamOutput output{.stream = id};
      std::size_t skip = out.skip;
      for (std::size_t i = out.chunk; i < out.chunks.size() && output.count < output.pieces.size(); ++i) {
        output.pieces[output.count++] = std::span(out.chunks[i]).subspan(skip);
        skip = 0;
      }
      output.last = out.ends && out.chunk + output.count == out.chunks.size();
      return output;
    }
    return {};
  }
  void taken(StreamId stream, std::size_t count) override {
    Sending& out = sending.at(stream);
    out.sent += count;
    for (out.skip += count; out.chunk < out.chunks.size() && out.skip >= out.chunks[out.chunk].size(); ++out.chunk) {
      out.skip -= out.chunks[out.chunk].size();
    }
    out.end_sent = out.ends && out.sent == out.total;
  }
  void blocked(StreamId stream) override { sending.at(stream).blocked = true; }
  void unblocked(StreamId stream) override {
    if (const auto found = sending.find(stream); found != sending.end()) found->second.blocked = false;
  }
  void shut(StreamId stream) override { sending.at(stream).shut = true; }
  void acknowledged(StreamId stream, std::uint64_t count) override {
    Sending& out = sending.at(stream);
    out.acknowledged += count;
    GATE_CHECK(out.acknowledged <= out.sent);
  }
  void datagram(base::ByteView bytes) override { datagrams.emplace_back(bytes.begin(), bytes.end()); }
  void abandoned() override { gone = true; }

  struct Sending {
    std::deque<std::vector<std::byte>> chunks;  // which stay where they are
    std::size_t total = 0;
    std::size_t sent = 0;
    std::size_t chunk = 0;  // the first one not sent whole,
    std::size_t skip = 0;   // and how much of it was
    std::uint64_t acknowledged = 0;
    bool ends = false;
    bool end_sent = false;
    bool blocked = false;
    bool shut = false;
    bool done() const { return sent == total && (!ends || end_sent); }
    void add(std::vector<std::byte> bytes) {
      total += bytes.size();
      if (!bytes.empty()) chunks.push_back(std::move(bytes));
    }
  };

  std::map<StreamId, Sending> sending;
  std::map<StreamId, ApplicationError> resets;
  std::map<StreamId, ApplicationError> stops;
  std::vector<std::vector<std::byte>> datagrams;
  std::size_t streams_closed = 0;
  bool started = false;
  bool gone = false;

 protected:
  virtual void took(StreamId stream, base::ByteView bytes, bool last) = 0;
  Transport& transport_;
};

// Sends back what comes.
class Echo final : public ByteApplication {
 public:
  using ByteApplication::ByteApplication;

 private:
  void took(StreamId stream, base::ByteView bytes, bool last) override {
    Sending& out = sending[stream];
    out.add({bytes.begin(), bytes.end()});
    out.ends |= last;
    transport_.wake();
  }
};

// Sends patterns and checks that they come back whole and in order.
class Asker final : public ByteApplication {
 public:
  using ByteApplication::ByteApplication;

  void ask(StreamId stream, std::size_t count) {
    Sending& out = sending[stream];
    std::vector<std::byte> bytes(count);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = pattern(stream, i);
    out.add(std::move(bytes));
    out.ends = true;
    wanted_[stream] = count;
    transport_.wake();
  }

  bool complete() const { return wanted_.size() == ended_; }
  std::uint64_t bytes_back = 0;
  bool wrong = false;  // a byte was lost, doubled or changed

 private:
  void took(StreamId stream, base::ByteView bytes, bool last) override {
    std::uint64_t& place = places_[stream];
    for (const std::byte each : bytes) wrong |= each != pattern(stream, place++);
    bytes_back += bytes.size();
    if (!last) return;
    wrong |= place != wanted_[stream];
    ++ended_;
  }

  std::map<StreamId, std::uint64_t> places_;
  std::map<StreamId, std::uint64_t> wanted_;
  std::size_t ended_ = 0;
};

// How a network treats datagrams, each direction alike.
struct Weather {
  double loss = 0;
  double doubling = 0;
  double corruption = 0;
  base::Duration delay = std::chrono::milliseconds(10);
  base::Duration jitter{};  // more than the spacing of packets: they overtake each other
  std::size_t payload_max = 1500;
};

// One side: its connection, ids and application.
class Side final : public ConnectionHost, public ConnectionOwner {
 public:
  Side(Random& random, const ServerKeys& keys) : random_(random), keys_(keys), codec_(keys.ids) {}

  ConnectionId issue_id(Connection&) override {
    const ConnectionId id = codec_.encode({}, random_);
    ids.push_back(id);
    return id;
  }
  void retire_id(const ConnectionId& id) override { std::erase(ids, id); }
  ResetToken reset_token(const ConnectionId& id) const override { return reset_token_of(keys_.resets, id); }
  void fill_random(std::span<std::byte> bytes) override { random_.fill(bytes); }
  std::vector<std::byte> address_token(const Path&) override { return {}; }

  std::unique_ptr<Application> make_application(Connection& made) override {
    if (asks) {
      auto asker = std::make_unique<Asker>(made);
      application = asker_ = asker.get();
      return asker;
    }
    auto echo = std::make_unique<Echo>(made);
    application = echo.get();
    return echo;
  }
  void handshake_done(Connection&) override { done = true; }
  void wake(Connection&) override {}
  void qlog(base::ByteView bytes, bool) override { qlog_bytes += bytes.size(); }

  Asker& asker() { return *asker_; }

  std::vector<ConnectionId> ids;
  std::unique_ptr<Connection> connection;
  ByteApplication* application = nullptr;
  std::size_t qlog_bytes = 0;
  bool asks = false;
  bool done = false;

 private:
  Random& random_;
  const ServerKeys& keys_;
  ConnectionIdCodec codec_;
  Asker* asker_ = nullptr;
};

class World {
 public:
  explicit World(std::uint64_t seed, Weather weather_wanted = {}, ConnectionSettings settings_wanted = {})
      : weather(weather_wanted), settings(settings_wanted), random_(seed) {
    client.asks = true;
  }

  void connect(std::uint32_t version = 1) {
    static const auto kClientContext = tls::for_test::make_client({.alpn = {"h3"}});
    client.connection = std::make_unique<Connection>(settings, kClientContext, tls::ClientTarget{"example.com"}, client,
                                                     client, client_path, clock, version);
    pump(client);
  }

  // Runs until `goal` holds. False when the time or the events run out before.
  template <class Goal>
  bool run_until(Goal goal, base::Duration limit = std::chrono::seconds(120)) {
    const base::Instant end = clock.now() + limit;
    while (!goal()) {
      const base::Instant next = next_event();
      if (next == base::Instant::max() || next > end) return false;
      clock.set(next);
      deliver();
      for (Side* side : {&client, &server}) {
        if (side->connection && side->connection->deadline() <= clock.now()) side->connection->on_deadline(clock.now());
        pump(*side);
      }
    }
    return true;
  }

  bool open(base::Duration limit = std::chrono::seconds(120)) {
    return run_until([&] { return client.done && server.done; }, limit);
  }

  // Asks for an echo on a new stream.
  void ask(std::size_t count) {
    const auto stream = client.connection->open_both_ways();
    GATE_CHECK(stream.has_value());
    client.asker().ask(*stream, count);
    pump(client);
  }

  void pump(Side& from) {
    if (!from.connection) return;
    while (const auto train = from.connection->produce(room_, clock.now())) {
      base::ByteView bytes = std::span(room_).first(train->bytes);
      while (!bytes.empty()) {
        const auto datagram = bytes.first(std::min(bytes.size(), train->segment));
        bytes = bytes.subspan(datagram.size());
        send(from, train->path, datagram);
      }
    }
  }

  // A datagram out of nowhere, to the server.
  void inject(const Path& from_client, base::ByteView bytes) { send(client, from_client, bytes); }

  Clock clock;
  Weather weather;
  ConnectionSettings settings;
  bool demand_proof = false;
  std::size_t retries = 0;
  std::size_t datagrams_carried = 0;
  std::size_t server_bytes_sent = 0;
  Path client_path{.local = *base::Endpoint::parse("192.0.2.7:40000"), .peer = *base::Endpoint::parse("192.0.2.9:443")};

 private:
  struct Event {
    base::Instant at;
    std::uint64_t number;
    bool to_server;
    Path path;  // as the sender sees it
    std::vector<std::byte> bytes;
    bool operator>(const Event& other) const { return std::tie(at, number) > std::tie(other.at, other.number); }
  };

  base::Instant next_event() const {
    base::Instant next = events_.empty() ? base::Instant::max() : events_.top().at;
    for (const Side* side : {&client, &server}) {
      if (side->connection) next = std::min(next, std::max(clock.now(), side->connection->deadline()));
    }
    return next;
  }

  void send(const Side& from, const Path& path, base::ByteView bytes) {
    const bool to_server = &from == &client;
    if (!to_server) server_bytes_sent += bytes.size();
    if (bytes.size() > weather.payload_max || random_.chance(weather.loss)) return;
    const int copies = random_.chance(weather.doubling) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const auto jitter = weather.jitter.count() == 0 ? base::Duration{}
                                                      : base::Duration(static_cast<base::Duration::rep>(random_.below(
                                                            static_cast<std::uint64_t>(weather.jitter.count()))));
      std::vector<std::byte> copy(bytes.begin(), bytes.end());
      if (random_.chance(weather.corruption)) copy[random_.below(copy.size())] ^= std::byte{1};
      events_.push({clock.now() + weather.delay + jitter, ++number_, to_server, path, std::move(copy)});
    }
  }

  void deliver() {
    while (!events_.empty() && events_.top().at <= clock.now()) {
      const Event event = events_.top();
      events_.pop();
      ++datagrams_carried;
      const Path path{.local = event.path.peer, .peer = event.path.local};
      if (event.to_server) {
        deliver_to_server(path, event.bytes);
      } else {
        client.connection->receive(path, 0, event.bytes, clock.now());
      }
    }
  }

  void deliver_to_server(const Path& path, base::ByteView bytes) {
    // A packet that was damaged on its way begins no connection; the next one may.
    const bool vacant =
        !server.connection || (!server.done && server.connection->state() == Connection::State::kClosed);
    if (vacant && !accept(path, bytes)) return;
    server.connection->receive(path, 0, bytes, clock.now());
  }

  bool accept(const Path& path, base::ByteView bytes) {
    std::array<std::byte, Reception::kReplyBytesMax> reply;
    const ConnectionIdCodec codec(keys_.ids);
    auto decision = reception_.judge(bytes, path, clock.wall(), demand_proof, codec.encode({}, random_), reply);
    if (decision.action == Reception::Action::kReply) {
      ++retries;
      send(server, path, std::span(reply).first(decision.reply_bytes));
    }
    if (decision.action != Reception::Action::kAccept) return false;
    static const auto kServerContext = tls::for_test::make_server(tls::for_test::example_settings());
    server.connection =
        std::make_unique<Connection>(settings, kServerContext, server, server, decision.first, path, clock);
    return true;
  }

  Random random_;
  ServerKeys keys_ = ServerKeys::generate(random_);
  Reception reception_{keys_, random_};
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t number_ = 0;
  std::array<std::byte, 65536> room_;

 public:
  Side client{random_, keys_};
  Side server{random_, keys_};
};

}  // namespace gate::quic::for_test
