#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "http/exchange.h"
#include "http/h3/h3_wire.h"
#include "http/h3/raw_client_for_test.h"
#include "http/testing/scripted_body.h"

namespace gate::http::h3::testing {

using http::testing::ScriptedBody;

// QUIC without a network: keeps what the wire says, and lets it say as much as the windows allow.
class FakeTransport final : public quic::Transport {
 public:
  // One stream as the client sees it.
  struct End {
    std::string bytes;  // that came from the server
    bool ended = false;
    std::optional<Code> reset;    // by the server
    std::optional<Code> stopped;  // by the server
    std::size_t released = 0;     // credit for what the client has sent
    std::size_t window = std::size_t{1} << 40;
    std::size_t acknowledged = 0;
    bool client_ended = false;
    bool closed = false;
  };

  std::optional<quic::StreamId> open_one_way() override {
    if (one_way_streams_left == 0) return std::nullopt;
    --one_way_streams_left;
    return std::exchange(next_one_way_, next_one_way_ + 4);
  }
  void release(quic::StreamId stream, std::size_t count) override {
    at(stream).released += count;
    connection_released += count;
  }
  void release_connection(std::size_t count) override { connection_released += count; }
  void allow_another_stream() override { ++streams_allowed; }
  void reset(quic::StreamId stream, quic::ApplicationError code) override {
    auto& end = at(stream);
    if (!end.reset && !end.ended) end.reset = Code{code};
  }
  void stop(quic::StreamId stream, quic::ApplicationError code) override {
    auto& end = at(stream);
    if (!end.stopped && !end.client_ended) end.stopped = Code{code};
  }
  bool window_shut(quic::StreamId stream) const override {
    const auto found = ends.find(stream);
    return connection_window == 0 || (found != ends.end() && found->second.window == found->second.bytes.size());
  }
  std::size_t datagram_bytes_max() const override { return 1200; }
  bool send_datagram(base::ByteView) override { return true; }
  void close(quic::ApplicationError code, std::string_view reason) override {
    if (closed) return;
    closed = Code{code};
    close_reason = reason;
  }
  void wake() override { ++wakes; }

  // Takes what the wire has to say, as far as the windows go.
  void produce(H3Wire& wire) {
    while (!closed && connection_window > 0) {
      const quic::StreamOutput output = wire.next_output();
      if (output.nothing()) return;
      auto& end = at(output.stream);
      if (end.reset) {
        wire.shut(output.stream);
        continue;
      }
      std::string bytes;
      for (std::size_t i = 0; i < output.count; ++i) bytes += base::as_text(output.pieces[i]);
      const std::size_t room = std::min({end.window - end.bytes.size(), connection_window, bytes_at_once});
      const std::size_t count = std::min(bytes.size(), room);
      if (count == 0 && !bytes.empty()) {
        wire.blocked(output.stream);
        continue;
      }
      end.bytes += bytes.substr(0, count);
      end.ended |= output.last && count == bytes.size();
      connection_window -= count;
      wire.taken(output.stream, count);
    }
  }

  void acknowledge(H3Wire& wire, quic::StreamId stream) {
    auto& end = at(stream);
    if (end.acknowledged == end.bytes.size()) return;
    wire.acknowledged(stream, end.bytes.size() - std::exchange(end.acknowledged, end.bytes.size()));
  }
  void acknowledge_all(H3Wire& wire) {
    const std::set<quic::StreamId> all = live;
    for (const auto id : all) {
      acknowledge(wire, id);
      close_if_over(wire, id);
    }
  }

  End& at(quic::StreamId id) {
    const auto [found, made] = ends.try_emplace(id);
    if (made) live.insert(id);
    return found->second;
  }

  std::map<quic::StreamId, End> ends;  // all there ever were
  std::set<quic::StreamId> live;
  std::size_t one_way_streams_left = 3;
  std::size_t connection_window = std::size_t{1} << 40;
  std::size_t connection_released = 0;  // on whatever stream
  std::size_t bytes_at_once = SIZE_MAX;
  std::size_t streams_allowed = 0;
  std::size_t wakes = 0;
  std::optional<Code> closed;
  std::string close_reason;

 private:
  void close_if_over(H3Wire& wire, quic::StreamId id) {
    auto& end = at(id);
    const bool sent = end.ended || end.reset;
    if (!quic::is_bidirectional(id) || end.closed || !sent || !end.client_ended) return;
    end.closed = true;
    live.erase(id);
    wire.closed(id, end.reset ? std::optional(static_cast<quic::ApplicationError>(*end.reset)) : std::nullopt);
  }

  quic::StreamId next_one_way_ = 3;
};

// What is kept of an exchange that ended.
struct Finished {
  std::uint64_t stream_id;
  std::uint16_t status;
  Outcome outcome;
  std::uint64_t request_bytes;
  std::uint64_t response_bytes;
};

// A wire with everything around it, and a raw client. Time stands still until `advance`.
class WireTest final : private Dispatcher, private WireObserver {
 public:
  static constexpr quic::StreamId kControl = 2;
  static constexpr quic::StreamId kEncoder = 6;
  static constexpr quic::StreamId kDecoder = 10;
  static constexpr quic::StreamId kServerControl = 3;

  explicit WireTest(const Limits& given = {}) : limits(given) {
    connection.secure = true;
    time.now = base::Instant{std::chrono::hours(1)};
    time.http_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    Dispatcher& dispatcher = *this;
    wire = std::make_unique<H3Wire>(context_, dispatcher, connection, limits, transport);
  }
  ~WireTest() = default;
  WireTest(const WireTest&) = delete;
  WireTest& operator=(const WireTest&) = delete;

  // The service: answers with 200 and no body unless a test puts another in place.
  std::function<void(Exchange&)> service = [](Exchange& exchange) { exchange.respond(); };

  // A body script that outlives the wire.
  ScriptedBody::Script& script(ScriptedBody::Script given = {}) { return scripts_.emplace_back(std::move(given)); }
  void serve(ScriptedBody::Script& script) {
    service = [&script](Exchange& exchange) {
      exchange.response.body = exchange.make_body<ScriptedBody>(script, exchange.arena());
      exchange.respond();
    };
  }

  // Begins: the server's streams, and the client's with its settings.
  void open(std::string_view entries = {}) {
    wire->start();
    talk(kControl, stream_type(StreamType::kControl) + settings(entries));
    talk(kEncoder, stream_type(StreamType::kEncoder));
    talk(kDecoder, stream_type(StreamType::kDecoder));
  }

  void send(quic::StreamId id, std::string_view bytes, bool last = false) {
    auto& end = transport.at(id);
    if (transport.closed || end.stopped || end.client_ended) return;
    end.client_ended = last;
    wire->received(id, base::as_bytes(bytes), last);
  }
  // Takes what the server has to say, and acknowledges it unless told not to.
  void receive() {
    transport.produce(*wire);
    if (acknowledges) transport.acknowledge_all(*wire);
    transport.produce(*wire);
  }
  void talk(quic::StreamId id, std::string_view bytes, bool last = false) {
    send(id, bytes, last);
    receive();
  }

  // The client's RESET_STREAM; its STOP_SENDING, which QUIC answers with RESET_STREAM.
  void reset(quic::StreamId id, Code code = Code::kRequestCancelled) {
    if (std::exchange(transport.at(id).client_ended, true)) return;
    wire->reset_by_peer(id, static_cast<quic::ApplicationError>(code));
    receive();
  }
  void stop(quic::StreamId id, Code code = Code::kRequestCancelled) {
    if (!transport.at(id).reset) transport.at(id).reset = code;
    wire->stopped_by_peer(id, static_cast<quic::ApplicationError>(code));
    receive();
  }
  // A stream's window grows by so many bytes.
  void open_window(quic::StreamId id, std::size_t bytes) {
    transport.at(id).window += bytes;
    wire->unblocked(id);
    receive();
  }

  void advance(std::chrono::milliseconds by) {
    const base::Instant end = time.now + by;
    while (wire->deadline() <= end) {
      time.now = std::max(time.now, wire->deadline());
      wire->on_deadline();
      receive();
      if (wire->deadline() <= time.now) break;  // would be a spin; the test sees it by the time
    }
    time.now = end;
  }

  const FakeTransport::End& end(quic::StreamId id) { return transport.at(id); }
  std::vector<Received> frames(quic::StreamId id) {
    std::string_view bytes = transport.at(id).bytes;
    if (!quic::is_bidirectional(id)) take_varint(bytes);
    return parse(bytes);
  }
  // The first final head of a stream, or an empty one.
  Received head(quic::StreamId id) {
    for (auto& frame : frames(id)) {
      if (frame.is(FrameType::kHeaders) && !frame.line(":status").starts_with('1')) return frame;
    }
    return {};
  }
  std::string status(quic::StreamId id) { return std::string(head(id).line(":status")); }
  std::string body(quic::StreamId id) {
    std::string text;
    for (const auto& frame : frames(id)) {
      if (frame.is(FrameType::kData)) text += frame.payload;
    }
    return text;
  }
  // The numbers of all GOAWAY frames.
  std::vector<std::uint64_t> goaways() {
    std::vector<std::uint64_t> numbers;
    for (const auto& frame : frames(kServerControl)) {
      std::string_view payload = frame.payload;
      if (frame.is(FrameType::kGoaway)) numbers.push_back(take_varint(payload).value());
    }
    return numbers;
  }

  Limits limits;
  ConnectionInfo connection;
  TurnTime time;
  FakeTransport transport;
  std::vector<Finished> ended;
  std::vector<std::string> violations;
  std::vector<std::uint16_t> violation_codes;
  std::size_t dispatched = 0;
  bool acknowledges = true;

 private:
  void dispatch(Exchange& exchange) override {
    ++dispatched;
    service(exchange);
  }
  void finished(const Exchange& exchange) override {
    ended.push_back({exchange.stream_id, exchange.response.status, exchange.outcome, exchange.request_body_bytes,
                     exchange.response_body_bytes});
  }
  void violation(const ConnectionInfo&, const WireEvent& event) override {
    violations.emplace_back(event.what);
    violation_codes.push_back(event.code.number);
  }

  std::list<ScriptedBody::Script> scripts_;
  base::BlockPool blocks_;
  std::uint64_t next_id_ = 1;
  WireContext context_{blocks_, time, *this, next_id_, nullptr};

 public:
  std::unique_ptr<H3Wire> wire;  // last: it dies first
};

}  // namespace gate::http::h3::testing
