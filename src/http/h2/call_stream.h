#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "http/call.h"

namespace gate::http::h2 {

class CallStream;

// Told what the two ends of a call do. Implemented by the client's wire.
class CallStreamOwner {
 public:
  // The request's body has something again. Takes note only.
  virtual void request_ready(CallStream& stream) = 0;
  // The reader of the response has made room.
  virtual void response_wanted(CallStream& stream) = 0;
  // Nobody is interested any more. The stream does not live any longer when this returns.
  virtual void cancelled(CallStream& stream) = 0;

 protected:
  ~CallStreamOwner() = default;
};

// One call on a connection of HTTP/2, as long as it is attached.
//
//   queued --> head --> body            any --> (gone)
class CallStream final : public CallDriver, private BodyWaker {
 public:
  enum class Stage : std::uint8_t {
    kQueued,  // the session does not know of it yet
    kHead,    // the final response has not begun
    kBody,
  };

  CallStream(CallStreamOwner& owner, Call& attached, base::Instant now)
      : call(attached), awaited_since(now), sent_at(now), owner_(owner) {
    call.attach(*this);
    if (call.request.body) call.request.body->set_waker(this);
  }
  virtual ~CallStream() {
    if (call.request.body) call.request.body->set_waker(nullptr);
    call.detach();
  }
  CallStream(const CallStream&) = delete;
  CallStream& operator=(const CallStream&) = delete;

  // What the server may have done with the request, as far as the stream tells.
  Delivered delivered() const {
    if (call.responded()) return Delivered::kAnswered;
    return head_sent ? Delivered::kMaybe : Delivered::kNothing;
  }

  // The section at hand: a head or trailers.
  void begin_section() {
    status = 0;
    section_bytes = section_lines = 0;
    if (stage == Stage::kHead) interim.emplace(call.arena());
  }

  Call& call;
  std::int32_t id = 0;
  std::size_t table_index = 0;  // the owner's
  base::Instant awaited_since;  // the response, or its next piece
  base::Instant sent_at;        // the last piece of the request
  std::size_t unopened = 0;     // received, and its window not given back

  std::optional<FieldList> interim;  // of the head at hand, in case it is one
  std::size_t section_bytes = 0;
  std::size_t section_lines = 0;
  std::size_t interim_responses = 0;
  std::uint16_t status = 0;  // of the head at hand

  Stage stage = Stage::kQueued;
  bool ready = false;  // the request's body had to wait and has something
  bool head_sent = false;
  bool request_done = false;
  bool reset_by_peer = false;

 private:
  void body_has_room(Call&) override { owner_.response_wanted(*this); }
  void cancel(Call&) override { owner_.cancelled(*this); }
  void body_ready() override { owner_.request_ready(*this); }

  CallStreamOwner& owner_;
};

}  // namespace gate::http::h2
