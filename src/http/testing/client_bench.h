#pragma once

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
#include "http/client_wire.h"
#include "http/testing/fake_exchange.h"

namespace gate::http::testing {

// One call as who made it sees it.
class TestCall final : private CallListener, private BodyWaker {
 public:
  explicit TestCall(std::string_view method = "GET", std::string_view target = "/") : fields_(arena_) {
    call.request.method = to_method(method);
    call.request.method_text = method;
    call.request.target = target;
    call.request.authority = "example.com";
    call.request.fields = &fields_;
    call.body().set_waker(this);
  }

  void add(std::string_view name, std::string_view value) { fields_.add(name, value); }

  // Pulls the response's body as far as there is any; `last` says how it goes on.
  std::string read(std::size_t most = SIZE_MAX) {
    std::string text;
    std::string room(4096, '\0');
    while (text.size() < most) {
      const BodyRead read = call.body().read(std::as_writable_bytes(std::span(room)));
      text.append(room, 0, read.count);
      last = read.state;
      if (last != BodyRead::State::kData) break;
    }
    return text;
  }

  std::string field(std::string_view name) const {
    const Field* found = call.response.fields.find(name);
    return found ? std::string(found->value) : std::string{};
  }

 private:
  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  FieldList fields_;

 public:
  Call call{arena_, *this};
  std::vector<std::uint16_t> interim;
  std::optional<CallFailure> failure;
  int responses = 0;
  int wakes = 0;
  BodyRead::State last = BodyRead::State::kWait;

 private:
  void informed(Call&, std::uint16_t status, const FieldList&) override { interim.push_back(status); }
  void responded(Call&) override { ++responses; }
  void failed(Call&, const CallFailure& why) override { failure = why; }
  void body_ready() override { ++wakes; }
};

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
  void call_ended(http::ClientWire&) override { ++ended; }
  void wake() override { ++wakes; }
};

}  // namespace gate::http::testing
