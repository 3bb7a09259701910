#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/exchange.h"
#include "http/h2/h2_wire.h"
#include "http/h2/raw_client_for_test.h"
#include "http/testing/scripted_body.h"

namespace gate::http::h2::testing {

using http::testing::ScriptedBody;

// What is kept of an exchange that ended.
struct Finished {
  std::uint64_t stream_id;
  std::uint16_t status;
  Outcome outcome;
  std::uint64_t request_bytes;
  std::uint64_t response_bytes;
};

// A wire with everything around it, and a raw client. Time stands still until `advance`.
class WireTest final : private Dispatcher, private WireObserver, private WireHost {
 public:
  explicit WireTest(const Limits& given = {}) : limits(given) {
    connection.secure = true;
    time.now = base::Instant{std::chrono::hours(1)};
    time.http_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    Dispatcher& dispatcher = *this;
    WireHost& host = *this;
    wire = std::make_unique<H2Wire>(context_, dispatcher, connection, limits, host);
  }
  ~WireTest() = default;
  WireTest(const WireTest&) = delete;
  WireTest& operator=(const WireTest&) = delete;

  // The service: answers with 200 and no body unless a test puts another in place.
  std::function<void(Exchange&)> service = [](Exchange& exchange) { exchange.respond(); };

  // A body script that outlives the wire.
  ScriptedBody::Script& script(ScriptedBody::Script given = {}) { return scripts_.emplace_back(std::move(given)); }

  void send(std::string_view bytes) { wire->receive(base::as_bytes(bytes)); }

  // Everything the server has to say now, as frames; also kept in `frames`.
  std::vector<Received> receive(std::size_t budget = 65536) {
    base::Buffer out;
    std::vector<Received> news;
    for (;;) {
      out.clear();
      wire->produce(out, budget);
      if (out.empty()) break;
      produced_bytes += out.size();
      if (reads_socket) wire->note_progress(out.size());
      for (auto& frame : client.parse(base::as_text(out.view()))) {
        frames.push_back(frame);
        news.push_back(std::move(frame));
      }
    }
    return news;
  }

  std::vector<Received> talk(std::string_view bytes) {
    send(bytes);
    return receive();
  }

  // Greets, and forgets what the server says to that.
  void open(std::string_view settings = {}) {
    talk(RawClient::greeting(settings));
    frames.clear();
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

  // The first frame of that type and stream, or null.
  const Received* find(FrameType type, std::uint32_t stream) const {
    for (const auto& frame : frames) {
      if (frame.header.type == type && frame.header.stream_id == stream) return &frame;
    }
    return nullptr;
  }
  std::size_t count(FrameType type) const {
    return static_cast<std::size_t>(
        std::count_if(frames.begin(), frames.end(), [type](const auto& frame) { return frame.header.type == type; }));
  }
  std::string body_of(std::uint32_t stream) const {
    std::string body;
    for (const auto& frame : frames) {
      if (frame.header.type == FrameType::kData && frame.header.stream_id == stream) body += frame.payload;
    }
    return body;
  }
  std::string status_of(std::uint32_t stream) const {
    const auto* head = find(FrameType::kHeaders, stream);
    return head ? std::string(head->line(":status")) : std::string("none");
  }
  // The code of RST_STREAM or GOAWAY, or nothing when there was none.
  std::optional<Code> reset_of(std::uint32_t stream) const {
    const auto* frame = find(FrameType::kResetStream, stream);
    return frame ? std::optional(Code{frame->u32()}) : std::nullopt;
  }
  std::optional<Code> goaway() const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      if (frame->header.type == FrameType::kGoaway) return Code{frame->u32(4)};
    }
    return std::nullopt;
  }
  bool wants_read() const { return wire->wants_read(); }
  bool closed_with(Code code) const { return goaway() == code && wire->finished(); }

  Limits limits;
  ConnectionInfo connection;
  TurnTime time;
  RawClient client;
  std::vector<Received> frames;
  std::vector<Finished> ended;
  std::vector<std::string> violations;
  std::vector<std::uint16_t> violation_codes;
  std::size_t dispatched = 0;
  std::size_t wakes = 0;
  std::size_t produced_bytes = 0;
  bool reads_socket = true;

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
  void wake() override { ++wakes; }

  std::list<ScriptedBody::Script> scripts_;
  base::BlockPool blocks_;
  std::uint64_t next_id_ = 1;
  WireContext context_{blocks_, time, *this, next_id_, nullptr};

 public:
  std::unique_ptr<H2Wire> wire;  // last: it dies first
};

}  // namespace gate::http::h2::testing
