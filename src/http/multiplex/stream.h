#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/intrusive_list.h"
#include "http/exchange.h"
#include "http/multiplex/request_assembly.h"
#include "http/multiplex/request_body.h"
#include "http/pace.h"
#include "http/wire.h"

namespace gate::http::multiplex {

class Stream;  // NOLINT(cppcoreguidelines-virtual-class-destructor): final, and never deleted through a base

// What streams need from their connection. Told things only takes note of them.
class StreamOwner {
 public:
  // The response's head, or more of its body, can be sent.
  virtual void stream_ready(Stream& stream) = 0;
  // An interim response is to be sent.
  virtual void inform(Stream& stream, std::uint16_t status, const FieldList& fields) = 0;
  // A service asked for a request body of which nothing came yet.
  virtual void body_wanted(Stream& stream) = 0;
  // A service took bytes of the request body.
  virtual void body_taken(Stream& stream, std::size_t count) = 0;

 protected:
  ~StreamOwner() = default;
};

struct LiveStreams;   // tag of the list of all streams of a connection
struct ReadyStreams;  // tag of the list of those with something to send

// What a pull from a response's body yielded for a DATA frame.
struct Pulled {
  BodyRead read;
  std::span<const Field> trailers{};  // with kEnd: to be sent behind the last DATA
};

// One stream: an exchange, what came of its request, and how far its response is.
//
//   response:  awaited --response_ready--> ready --start_response--> sending <--> waiting (for the source)
//                                                                       '--> ended | failed
//
// A tunnel is over when both of its directions have ended and its reader has seen all that came, which may be after the
// protocol is done with the stream.
class Stream final : private ExchangeDriver,
                     private BodyWaker,
                     private RequestBodyOwner,
                     public base::ListNode<LiveStreams>,
                     public base::ListNode<ReadyStreams> {
 public:
  Stream(StreamOwner& owner, std::uint64_t id, base::BlockPool& blocks, const ConnectionInfo& connection,
         const Limits& limits, const TurnTime& time);

 private:
  StreamOwner& owner_;
  const TurnTime& time_;

 public:
  // Before the exchange, whose response may read from it until it dies.
  RequestBody body;
  Exchange exchange;
  RequestAssembly assembly;
  Pace body_pace;      // of the client as sender
  Pace response_pace;  // of the client as reader; the wire tells it of progress

  std::uint64_t id() const { return exchange.stream_id; }

  // The memory this stands in; BlockTable's business.
  std::unique_ptr<base::BlockPool::Block> home;

  // The head is complete: from now on the exchange is seen by others, and its end is to be told.
  bool head_received = false;
  bool reset_by_peer = false;
  bool awaits_continue = false;  // the client sends its body when it gets 100
  bool kept = false;             // for its reader alone: the protocol is done with it

  void receive_data(base::ByteView bytes);
  void end_request();
  // The request's body cannot be completed. The reader is told; a response that has not begun becomes a refusal.
  void fail_request(RequestFault fault);

  bool response_begun() const { return phase_ >= Phase::kSending; }
  bool response_ended() const { return phase_ == Phase::kEnded; }
  bool response_failed() const { return phase_ == Phase::kFailed; }

  // The request is a CONNECT: what comes is no content, so that it has no bounds in size and time.
  bool wants_tunnel() const { return exchange.request.method == Method::kConnect; }
  bool is_tunnel() const { return exchange.response.tunnel; }
  // All is said in both directions.
  bool over() const { return response_ended() && (!is_tunnel() || body.ended()); }
  // There are bytes to send, or seem to be, and only the client's reading holds them up.
  bool response_flows() const { return phase_ == Phase::kSending || held_up_; }
  // Bytes that were pulled do not pass, or pass again: also while the source has nothing more, the client is to act.
  void hold_up();
  void flow_on();

  // The lines of the response's head; call once it is ready. Says whether DATA will follow.
  struct Head {
    std::span<const Field> lines;
    bool has_body = false;
  };
  Head start_response();

  Pulled pull(std::span<std::byte> into);
  void response_sent();

  // How the exchange has ended, as far as the stream knows: when nobody else cut it off.
  Outcome outcome() const;

 private:
  enum class Phase : std::uint8_t { kAwaited, kReady, kSending, kWaiting, kEnded, kFailed };

  void response_ready(Exchange& ready) override;
  void inform(Exchange&, std::uint16_t status, const FieldList& fields) override {
    owner_.inform(*this, status, fields);
  }
  BodySource& request_body(Exchange&) override { return body; }
  void body_ready() override;
  void body_wanted() override { owner_.body_wanted(*this); }
  void body_taken(std::size_t count) override;
  void body_drained() override;
  bool keeps_its_length(const BodyRead& read) const;

  std::optional<RequestFault> fault_;
  std::optional<std::uint64_t> declared_bytes_;  // the response's content-length
  Phase phase_ = Phase::kAwaited;
  bool held_up_ = false;
};

}  // namespace gate::http::multiplex
