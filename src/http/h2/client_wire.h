#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "http/client_wire.h"
#include "http/h2/call_stream.h"
#include "http/h2/client_frame_guard.h"
#include "http/h2/client_session.h"
#include "http/h2/frame.h"
#include "http/multiplex/lazy_deadline.h"

namespace gate::http::h2 {

// The client's side of HTTP/2 on one connection (RFC 9113): many calls at once, as many as the server allows. Each has
// a stream of its own, and fails alone. Coordinates: ClientFrameGuard judges what comes in, ClientSession speaks the
// protocol; here their events become responses, deadlines and the end.
//
// A call that asks for an upgrade cannot be carried (RFC 9113 8.6): whoever starts calls sees to that.
class ClientWire final : public http::ClientWire, private ClientSessionEvents, private CallStreamOwner {
 public:
  // All outlive the wire.
  ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host);
  ~ClientWire() override;
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  bool takes_calls() const override;
  void start(Call& call) override;

  void receive(base::ByteView bytes) override;
  void receive_end() override;
  void produce(base::Buffer& out, std::size_t budget) override;
  bool wants_read() const override;
  bool finished() const override;
  base::Instant deadline() const override { return deadline_.at(); }
  void on_deadline() override;
  void note_progress(std::size_t bytes_sent) override;
  void drain() override;
  std::size_t exchanges() const override { return streams_.size(); }
  void abandon() override;

 private:
  // ClientSessionEvents
  void section_begun(CallStream& stream) override;
  void field_received(CallStream& stream, std::string_view name, std::string_view value) override;
  void section_received(CallStream& stream, bool ended) override;
  void data_received(CallStream& stream, base::ByteView bytes) override;
  void data_ended(CallStream& stream) override { end_response(stream); }
  void malformed(CallStream& stream) override;
  void stream_closed(CallStream& stream, Code code) override;
  void head_sent(CallStream& stream) override { stream.head_sent = true; }
  BodyRead pull_data(CallStream& stream, std::span<std::byte> into) override;
  void request_sent(CallStream& stream) override;
  void settings_received() override { owner_.calls_changed(*this); }
  void goaway_sent(Code code) override;

  // CallStreamOwner
  void request_ready(CallStream& stream) override;
  void response_wanted(CallStream& stream) override;
  void cancelled(CallStream& stream) override;

  void take_head(CallStream& stream, bool ended);
  void take_interim(CallStream& stream);
  void end_response(CallStream& stream);

  void submit_queued();
  bool submit(CallStream& stream);
  void end_call(CallStream& stream);
  void fail(CallStream& stream, const CallFailure& failure, std::optional<Code> reset);
  void put_off(CallStream& stream);
  void fail_all(CallFault fault, std::string_view reason);
  void condemn(Code code);
  void settle();
  void say_farewell();

  base::Instant due(const CallStream& stream) const;
  void expire(CallStream& stream);
  base::Instant now() const { return time_.now; }

  const TurnTime& time_;
  ClientWireOwner& owner_;
  const Limits& limits_;
  WireHost& host_;

  FrameFollower frames_{0};
  ClientFrameGuard guard_;
  ClientSession session_;
  multiplex::LazyDeadline deadline_;
  std::vector<std::unique_ptr<CallStream>> streams_;

  base::Instant received_at_;
  base::Instant idle_since_;
  base::Instant unsent_since_;     // without progress
  std::size_t unsent_bytes_ = 0;   // produced, and not yet reported as sent
  std::optional<Code> condemned_;  // carried out as soon as no function of the session is running
  bool any_queued_ = false;        // streams in Stage::kQueued
  bool any_ready_ = false;         // streams with CallStream::ready
  bool draining_ = false;          // no call is taken any more
  bool closing_ = false;           // a GOAWAY of ours is queued or sent
  bool ended_ = false;             // nothing is taken or produced any more
};

}  // namespace gate::http::h2
