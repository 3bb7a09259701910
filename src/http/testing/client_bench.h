#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/text.h"
#include "http/client_wire.h"
#include "http/testing/fake_exchange.h"
#include "http/testing/test_call.h"

namespace gate::http::testing {

// A client's wire with a server that a test plays.
template <class TestedWire>
class ClientBench final : private ClientWireOwner, private WireHost {
 public:
  ClientBench() {
    limits.body_bytes_max = UINT64_MAX;
    ClientWireOwner& owner = *this;
    WireHost& host = *this;
    wire = std::make_unique<TestedWire>(time, owner, limits, host);
  }

  // What the wire says now.
  std::string said() {
    base::Buffer out;
    for (std::size_t before = 1; before != out.size();) {
      before = out.size();
      wire->produce(out, 16 * 1024);
    }
    wire->note_progress(out.size());
    return std::string(base::as_text(out.view()));
  }

  void answer(std::string_view text) { wire->receive(base::as_bytes(text)); }
  void pass(std::chrono::milliseconds duration) {
    time.now += duration;
    if (wire->deadline() <= time.now) wire->on_deadline();
  }

  TurnTime time{};
  Limits limits;
  std::unique_ptr<TestedWire> wire;
  int ended = 0;
  int wakes = 0;

 private:
  void calls_changed(http::ClientWire&) override { ++ended; }
  void wake() override { ++wakes; }
};

}  // namespace gate::http::testing
