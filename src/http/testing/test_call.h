#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "http/call.h"

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

}  // namespace gate::http::testing
