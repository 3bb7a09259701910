#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "http/client_wire.h"

namespace gate::http {

// The client's side of a protocol that carries one call at a time on a connection. The life of the call and every wait
// are here; what is said and understood on the wire is the derived class's.
//
//   idle --> head --> body --> tail --> idle ...        any --> closed
//             '-----> tunnel (after 101)
//
// Where `Limits::idle_timeout` is 0, a connection is not kept behind its call.
class SerialClientWire : public ClientWire, private CallDriver, protected BodyWaker {
 public:
  SerialClientWire(const SerialClientWire&) = delete;
  SerialClientWire& operator=(const SerialClientWire&) = delete;

  bool takes_calls() const final { return stage_ == Stage::kIdle && !draining_; }
  void start(Call& call) final;

  void receive(base::ByteView bytes) final;
  void produce(base::Buffer& out, std::size_t budget) final;
  bool wants_read() const final;
  bool finished() const final { return stage_ == Stage::kClosed; }
  bool output_ended() const final { return finished() || (stage_ == Stage::kTunnel && request_done_); }
  base::Instant deadline() const final;
  void on_deadline() final;
  void note_progress(std::size_t bytes_sent) final;
  void drain() final;
  std::size_t exchanges() const final { return call_ ? 1 : 0; }
  void abandon() final;

 protected:
  enum class Stage : std::uint8_t {
    kIdle,
    kHead,  // the response's head is awaited
    kBody,
    kTail,  // the response is complete, but the server has not said so yet
    kTunnel,
    kClosed
  };

  // All outlive the wire. A derived class's destructor calls abandon().
  SerialClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host);

  // A call is at hand, which was not before.
  virtual void begin_call() = 0;

  // Takes the front of what has arrived, and says how much that was; what is left comes again, with more behind it.
  virtual std::size_t consume(base::ByteView input) = 0;

  virtual void write_head(base::Buffer& out) = 0;
  // Appends of the request's body until `out` has `limit` bytes, if there is one.
  virtual BodyRead::State write_body(base::Buffer& out, std::size_t limit) = 0;

  // The call at hand, until its response is received and its request sent, or nobody is interested in it any more.
  // Whoever is told of a response may cancel it.
  bool has_call() const { return call_ != nullptr; }
  Call& call() const { return *call_; }

  Stage stage() const { return stage_; }
  void go_to(Stage stage) { stage_ = stage; }
  const Limits& limits() const { return limits_; }
  WireHost& host() { return host_; }
  bool draining() const { return draining_; }
  bool keeps_connection() const { return limits_.idle_timeout.count() > 0; }
  bool request_done() const { return request_done_; }
  bool has_unused_input() const { return !input_.empty(); }
  Delivered delivered() const;

  void note_peer_ended() { peer_ended_ = true; }
  // Takes the wire off the call, whatever has become of it.
  void end_call();
  void fail(const CallFailure& failure);
  // The connection is to be closed.
  void finish();
  // What becomes of calls has changed.
  void tell_owner() { owner_.calls_changed(*this); }

 private:
  void body_ready() override { host_.wake(); }
  void body_has_room(Call& call) override;
  void cancel(Call& call) override;

  void write_request(base::Buffer& out, std::size_t limit);
  bool waits_for_switch() const;
  base::Instant now() const { return time_.now; }

  const TurnTime& time_;
  ClientWireOwner& owner_;
  const Limits& limits_;
  WireHost& host_;

  Call* call_ = nullptr;
  base::Buffer input_;            // what arrived and cannot be used yet
  base::Instant awaited_since_;   // the response, its next piece, or the next call
  base::Instant unsent_since_;    // without progress
  std::size_t unsent_bytes_ = 0;  // produced, and not yet reported as sent
  Stage stage_ = Stage::kIdle;
  bool head_written_ = false;
  bool request_done_ = false;
  bool draining_ = false;
  bool peer_ended_ = false;
};

}  // namespace gate::http
