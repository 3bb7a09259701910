#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"
#include "http/exchange.h"
#include "http/h1/wire.h"
#include "http/testing/tunnel_service.h"
#include "http/wire.h"

namespace gate::http::h1::testing {

using http::testing::EchoBody;

// A body of fixed content that comes in pieces, may wait between them, and may say its length or fail at the end.
class PiecesBody final : public BodySource {
 public:
  struct Plan {
    std::vector<std::string> pieces;  // an empty piece is a wait
    bool says_length = false;
    bool fails = false;
    const FieldList* trailers = nullptr;
  };

  explicit PiecesBody(Plan plan) : plan_(std::move(plan)) {}

  BodyRead read(std::span<std::byte> into) override {
    if (at_ == plan_.pieces.size()) return {plan_.fails ? BodyRead::State::kFailed : BodyRead::State::kEnd, 0};
    std::string& piece = plan_.pieces[at_];
    if (piece.empty()) {
      ++at_;
      return {BodyRead::State::kWait, 0};
    }
    const std::size_t count = std::min(into.size(), piece.size());
    base::copy_bytes(into, base::as_bytes(piece).first(count));
    piece.erase(0, count);
    if (piece.empty()) ++at_;
    const bool last = at_ == plan_.pieces.size() && !plan_.fails;
    return {last ? BodyRead::State::kEnd : BodyRead::State::kData, count};
  }

  std::optional<std::uint64_t> length() const override {
    if (!plan_.says_length) return std::nullopt;
    std::uint64_t bytes = 0;
    for (const auto& piece : plan_.pieces) bytes += piece.size();
    return bytes;
  }

  const FieldList* trailers() const override { return plan_.trailers; }

  void wake_reader() { wake(); }

 private:
  Plan plan_;
  std::size_t at_ = 0;
};

// Pulls the whole request body, then answers 200 with it; 502 when the body failed. One exchange at a time.
class Collector final : private BodyWaker {
 public:
  void start(Exchange& exchange) {
    exchange_ = &exchange;
    collected_.clear();
    exchange.request_body().set_waker(this);
    pull();
  }
  void forget() { exchange_ = nullptr; }

 private:
  void body_ready() override { pull(); }

  void pull() {
    std::string room(16, '\0');  // small, so that a body takes several pulls
    for (;;) {
      const auto read = exchange_->request_body().read(std::as_writable_bytes(std::span(room)));
      collected_.append(room, 0, read.count);
      if (read.state == BodyRead::State::kWait) return;
      if (read.state == BodyRead::State::kData) continue;
      if (read.state == BodyRead::State::kFailed) return exchange_->refuse({502, {}, "body failed"});
      exchange_->response.body = exchange_->make_text_body(exchange_->arena().copy(collected_));
      return exchange_->respond();
    }
  }

  Exchange* exchange_ = nullptr;
  std::string collected_;
};

// What the observer was told of one exchange.
struct Ended {
  std::uint64_t id;
  std::uint16_t status;
  Outcome outcome;
  std::string target;
  std::string_view reason;  // of the refusal
  std::uint64_t request_body_bytes;
  std::uint64_t response_body_bytes;
};

// A wire with a worker, a connection and a service around it.
//
//   Bench bench;
//   bench.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
//   EXPECT_EQ(bench.take_output(), "HTTP/1.1 200 OK\r\n...");
class Bench final : private Dispatcher, private WireObserver, private WireHost {
 public:
  using Handle = std::function<void(Exchange&)>;

  explicit Bench(Limits given = {}) : limits(given) { reopen(); }
  ~Bench() { wire.reset(); }  // before the worker that it borrows from
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Begins a new connection.
  void reopen() {
    wire.reset();
    wire = std::make_unique<Wire>(context_, static_cast<Dispatcher&>(*this), connection, limits,
                                  static_cast<WireHost&>(*this));
    output_.clear();
  }

  // Gives the wire `text`, then lets it produce, as a connection does in one turn.
  void send(std::string_view text) {
    wire->receive(base::as_bytes(text));
    produce();
  }
  void send_end() {
    wire->receive_end();
    produce();
  }
  void produce(std::size_t budget = 16 * 1024) {
    std::size_t before = 0;
    do {
      before = out_.size();
      wire->produce(out_, budget);
    } while (out_.size() > before);
    output_ += base::as_text(out_.view());
    if (takes_output) wire->note_progress(out_.size());
    out_.clear();
  }
  // Lets time pass, and the deadline be noticed; pass() lets the wire produce as well.
  void advance(std::chrono::milliseconds time) {
    time_.now += time;
    if (time_.now >= wire->deadline()) wire->on_deadline();
  }
  void pass(std::chrono::milliseconds time) {
    advance(time);
    produce();
  }
  void error_pages(const ErrorPages* pages) { context_.error_pages = pages; }

  // What was produced since the last call.
  std::string take_output() { return std::exchange(output_, {}); }

  Limits limits;
  ConnectionInfo connection;
  Handle handle = [](Exchange& exchange) { exchange.respond(); };
  std::vector<Ended> ended;
  std::vector<std::string> violations;
  std::size_t wakes = 0;
  std::size_t dispatched = 0;
  bool takes_output = true;  // the client reads what it is sent
  Collector collector;
  std::unique_ptr<Wire> wire;

  Handle collect() {
    return [this](Exchange& exchange) { collector.start(exchange); };
  }

 private:
  void dispatch(Exchange& exchange) override {
    ++dispatched;
    handle(exchange);
  }
  void violation(const ConnectionInfo&, const WireEvent& event) override { violations.emplace_back(event.what); }
  void wake() override { ++wakes; }
  void finished(const Exchange& exchange) override {
    collector.forget();
    ended.push_back({.id = exchange.id,
                     .status = exchange.response.status,
                     .outcome = exchange.outcome,
                     .target = std::string(exchange.request.target),
                     .reason = exchange.refusal ? exchange.refusal->reason : std::string_view{},
                     .request_body_bytes = exchange.request_body_bytes,
                     .response_body_bytes = exchange.response_body_bytes});
  }

  base::BlockPool blocks_;
  TurnTime time_{base::Instant(std::chrono::hours(1)), base::WallTime{}, "Sun, 06 Nov 1994 08:49:37 GMT"};
  std::uint64_t next_id_ = 1;
  WireContext context_{blocks_, time_, *this, next_id_};
  base::Buffer out_;
  std::string output_;
};

// The statuses of the responses in a stream of them, found where a line begins with the version.
inline std::vector<int> statuses(std::string_view output) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  std::vector<int> found;
  for (auto at = output.find(kVersion); at != std::string_view::npos; at = output.find(kVersion, at + 1)) {
    found.push_back(base::parse_number<int>(output.substr(at + kVersion.size(), 3)).value_or(0));
  }
  return found;
}

}  // namespace gate::http::h1::testing
