#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/text.h"
#include "http/h2/client_wire.h"
#include "http/h2/raw_client_for_test.h"
#include "http/testing/fake_exchange.h"
#include "http/testing/scripted_body.h"
#include "http/testing/test_call.h"

namespace gate::http::h2::testing {

using http::testing::TestCall;

// A client's wire with a server that a test plays, frame by frame.
class ClientBench final : private ClientWireOwner, private WireHost {
 public:
  explicit ClientBench(const Limits& given = {}) : limits(given) {
    time.now = base::Instant{std::chrono::hours(1)};
    ClientWireOwner& owner = *this;
    WireHost& host = *this;
    wire = std::make_unique<ClientWire>(time, owner, limits, host);
  }

  // Both have said hello, and that is forgotten.
  void open(std::string_view settings = {}) {
    hear();
    answer(RawClient::settings(settings) + RawClient::settings_ack());
    hear();
    frames.clear();
  }

  // Everything the wire says now, also kept in `frames`.
  std::vector<Received> hear(std::size_t budget = 64 * 1024) {
    std::vector<Received> news;
    for (;;) {
      base::Buffer out;
      wire->produce(out, budget);
      if (out.empty()) return news;
      if (takes_bytes) wire->note_progress(out.size());
      std::string_view text = base::as_text(out.view());
      const std::size_t preface = std::min(preface_left_, text.size());
      preface_left_ -= preface;
      preface_seen += text.substr(0, preface);
      for (auto& frame : server.parse(text.substr(preface))) {
        frames.push_back(frame);
        news.push_back(std::move(frame));
      }
    }
  }

  void answer(std::string_view bytes) { wire->receive(base::as_bytes(bytes)); }
  void answer(std::uint32_t stream, std::string_view status, const Lines& more = {}, bool end = false) {
    Lines lines{{":status", std::string(status)}};
    lines.insert(lines.end(), more.begin(), more.end());
    answer(server.headers(stream, lines, end));
  }

  // Starts a call and hears its request; says the number of its stream.
  std::uint32_t begin(TestCall& test) {
    wire->start(test.call);
    hear();
    const auto head = std::find_if(frames.rbegin(), frames.rend(),
                                   [](const auto& frame) { return frame.header.type == FrameType::kHeaders; });
    return head == frames.rend() ? 0 : head->header.stream_id;
  }

  void pass(std::chrono::milliseconds duration) {
    const base::Instant end = time.now + duration;
    while (wire->deadline() <= end) {
      time.now = std::max(time.now, wire->deadline());
      wire->on_deadline();
      hear();
      if (wire->deadline() <= time.now) break;  // would be a spin; the test sees it by the time
    }
    time.now = end;
  }

  const Received* find(FrameType type, std::uint32_t stream) const {
    const auto found = std::ranges::find_if(
        frames, [&](const auto& frame) { return frame.header.type == type && frame.header.stream_id == stream; });
    return found == frames.end() ? nullptr : &*found;
  }
  std::string body_of(std::uint32_t stream) const {
    std::string body;
    for (const auto& frame : frames) {
      if (frame.header.type == FrameType::kData && frame.header.stream_id == stream) body += frame.payload;
    }
    return body;
  }
  std::optional<Code> reset_of(std::uint32_t stream) const {
    const auto* frame = find(FrameType::kResetStream, stream);
    return frame ? std::optional(Code{frame->u32()}) : std::nullopt;
  }
  std::optional<Code> goaway() const {
    const auto* frame = find(FrameType::kGoaway, 0);
    return frame ? std::optional(Code{frame->u32(4)}) : std::nullopt;
  }

  TurnTime time{};
  Limits limits;
  RawClient server;  // builds and reads frames; which side they are of is the same to it
  std::vector<Received> frames;
  std::string preface_seen;
  bool takes_bytes = true;
  int changes = 0;
  int wakes = 0;

 private:
  void calls_changed(http::ClientWire&) override { ++changes; }
  void wake() override { ++wakes; }

  std::size_t preface_left_ = kClientPreface.size();

 public:
  std::unique_ptr<ClientWire> wire;  // last: it dies first
};

}  // namespace gate::http::h2::testing
