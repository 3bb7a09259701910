#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/exchange.h"
#include "http/h1/parser.h"
#include "http/h1/request_body.h"
#include "http/h1/request_head.h"
#include "http/h1/response_writer.h"
#include "http/pace.h"
#include "http/wire.h"

namespace gate::http::h1 {

// HTTP/1.0 and HTTP/1.1 on one connection (RFC 9112): one exchange at a time, pipelined requests wait in a bounded
// buffer. An idle connection holds no buffer and no arena.
//
// What arrives goes through these stages; a request that breaks a rule is answered and leads to the last one:
//
//   head --> body --> hold (until the response is written) --> head ...
//     |        |        '--> tunnel (what comes is not HTTP any more)
//     '--------'--------------> closed (input is thrown away)
class Wire final : public http::Wire, private ExchangeDriver, private BodyWaker, private RequestBody::Owner {
 public:
  // All five outlive the wire.
  Wire(const WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
       WireHost& host);
  ~Wire() override;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void receive(base::ByteView bytes) override;
  void receive_end() override;
  void produce(base::Buffer& out, std::size_t budget) override;
  bool wants_read() const override;
  bool finished() const override { return finished_; }
  bool output_ended() const override;
  base::Instant deadline() const override;
  void on_deadline() override;
  void note_progress(std::size_t bytes_sent) override;
  void drain() override;
  std::size_t exchanges() const override;
  void abandon() override;

 private:
  enum class Stage : std::uint8_t { kHead, kBody, kHold, kTunnel, kClosed };

  // The request at hand, from the first byte of its head to the last of its response and body.
  struct Current {
    Current(Wire& wire, base::Instant now);

    Exchange exchange;
    HeadParser parser;
    Control control;
    std::optional<RequestBody> body;    // from the head's end on
    std::optional<RequestFault> fault;  // found after the dispatch, in the body
    base::Buffer interim;               // responses of 1xx that are to be sent
    bool begun = false;                 // dispatched or refused: the observer is to hear of its end
    bool response_ready = false;
    bool head_written = false;
    bool response_done = false;
    bool keep_alive = false;        // as said in the head that was written
    bool continue_pending = false;  // the client waits for 100
    bool continue_due = false;      // and is to get it
  };

  void response_ready(Exchange& exchange) override;
  BodySource& request_body(Exchange& exchange) override;
  void inform(Exchange& exchange, std::uint16_t status, const FieldList& fields) override;
  void body_ready() override { host_.wake(); }
  void body_awaited() override;
  void body_has_room() override;
  void tunnel_drained() override { host_.wake(); }

  // Input: each takes the front of what has arrived and says how much that was; 0 when it needs more or must wait.
  std::size_t consume(std::string_view input);
  std::size_t consume_stage(std::string_view input);
  std::size_t take_head(std::string_view input);
  std::size_t take_body(std::string_view input);
  std::size_t take_tunnel(std::string_view input);
  std::size_t start_request(std::string_view input);
  void consume_buffered();
  void handle_input_end();
  RequestBody& begin_body(const Control& control);
  void begin_exchange();
  void refuse(RequestFault fault);
  void fail_body(RequestFault fault);
  void report(RequestFault fault);

  // Output.
  bool produce_step(base::Buffer& out, std::size_t limit);
  bool write_interim_responses(base::Buffer& out);
  bool write_due_continue(base::Buffer& out);
  void write_head(base::Buffer& out);
  bool may_keep_alive(const ResponseFraming& framing) const;
  Persistence persistence(const ResponseFraming& framing);
  void finish_response();

  // Tunnels.
  void open_tunnel();
  void end_tunnel_output();
  bool end_tunnel_if_over();

  void end_exchange(Outcome outcome);
  void finish();
  base::Instant read_deadline() const;
  base::Instant now() const { return context_.time.now; }

  const WireContext& context_;
  Dispatcher& dispatcher_;
  const ConnectionInfo& connection_;
  const Limits& limits_;
  WireHost& host_;

  base::Buffer input_;  // what arrived and cannot be used yet
  std::optional<Current> current_;
  ResponseWriter writer_;
  Pace read_pace_;
  Pace write_pace_;
  base::Instant idle_since_;
  std::uint64_t requests_ = 0;
  std::size_t unsent_bytes_ = 0;  // produced, and not yet reported as sent
  Stage stage_ = Stage::kHead;
  bool draining_ = false;
  bool peer_ended_ = false;
  bool finished_ = false;
};

}  // namespace gate::http::h1
