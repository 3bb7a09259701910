#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "http/exchange.h"
#include "http/h2/frame.h"
#include "http/h2/h2_wire.h"

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

// A server whose services answer in every way there is, chosen by the stream.
class Server final : private http::Dispatcher, private http::WireObserver, private http::WireHost {
 public:
  explicit Server(std::chrono::milliseconds step) : step_(step) {
    limits_.streams_max = 16;
    limits_.header_bytes_max = 4096;
    limits_.body_bytes_max = 100'000;
    time_.now = base::Instant{std::chrono::hours(1)};
    time_.http_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    http::Dispatcher& dispatcher = *this;
    http::WireHost& host = *this;
    wire_ = std::make_unique<http::h2::H2Wire>(context_, dispatcher, connection_, limits_, host);
  }

  ~Server() {
    wire_->receive_end();
    produce();
    wire_.reset();
    GATE_CHECK(begun_ <= ended_);
  }

  void give(base::ByteView bytes) {
    if (wire_->wants_read()) wire_->receive(bytes);
    produce();
    time_.now += step_;
    if (wire_->deadline() <= time_.now) wire_->on_deadline();
    GATE_CHECK(wire_->finished() || wire_->deadline() > time_.now);
    answer_waiting();
    produce();
  }

 private:
  static constexpr std::string_view kText = "a body of fixed text, long enough for a frame";

  void dispatch(http::Exchange& exchange) override {
    ++begun_;
    switch (exchange.stream_id / 2 % 5) {
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
    for (;;) {
      wire_->produce(out_, 20'000);
      if (out_.empty()) return;
      wire_->note_progress(out_.size());
      base::ByteReader reader(out_.view());
      while (!reader.empty()) {
        const std::uint32_t length = reader.u24().value();
        GATE_CHECK(length <= 16'384 && reader.bytes(6) && reader.bytes(length));
      }
      out_.clear();
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
  void wake() override {}

  std::chrono::milliseconds step_;
  http::Limits limits_;
  http::ConnectionInfo connection_;
  http::TurnTime time_;
  base::BlockPool blocks_;
  base::Buffer out_;
  std::vector<http::Exchange*> waiting_;
  std::size_t begun_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t next_id_ = 1;
  http::WireContext context_{blocks_, time_, *this, next_id_, nullptr};
  std::unique_ptr<http::h2::H2Wire> wire_;
};

}  // namespace

// Two bytes say how the input is cut and how much time passes between the pieces; then come the client's bytes. Every
// exchange that began ends once, every deadline that was handled lies ahead, and what is sent are whole frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  if (bytes.size() < 2) return 0;
  const std::size_t piece = std::to_integer<std::size_t>(bytes[0]) * 8 + 1;
  const std::chrono::milliseconds step(std::to_integer<unsigned>(bytes[1]) * 16);
  Server server(step);
  for (bytes = bytes.subspan(2); !bytes.empty();) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    server.give(part);
  }
  return 0;
}
