#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/client_wire.h"
#include "http/h1/body_writer.h"
#include "http/h1/chunked_decoder.h"
#include "http/h1/parser.h"
#include "http/h1/response_head.h"

namespace gate::http::h1 {

// The client's side of HTTP/1.1 on one connection (RFC 9112): one call at a time, nothing is pipelined. As strict with
// responses as the server's side is with requests: what could be read in two ways ends the connection, so that no
// response is taken for another's.
//
//   idle --> head --> body --> idle ...        any --> closed
//             '-----> tunnel (after 101)
class ClientWire final : public http::ClientWire, private CallDriver, private BodyWaker {
 public:
  // All outlive the wire.
  ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host);
  ~ClientWire() override;
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  bool takes_calls() const override { return stage_ == Stage::kIdle && !finished_ && !draining_; }
  void start(Call& call) override;

  void receive(base::ByteView bytes) override;
  void receive_end() override;
  void produce(base::Buffer& out, std::size_t budget) override;
  bool wants_read() const override;
  bool finished() const override { return finished_; }
  bool output_ended() const override { return finished_ || (stage_ == Stage::kTunnel && current_->request_done); }
  base::Instant deadline() const override;
  void on_deadline() override;
  void note_progress(std::size_t bytes_sent) override;
  void drain() override;
  std::size_t exchanges() const override { return current_ ? 1 : 0; }
  void abandon() override;

 private:
  enum class Stage : std::uint8_t { kIdle, kHead, kBody, kTunnel, kClosed };

  // The call at hand, until its response is received and its request sent.
  struct Current {
    Current(Call& to_carry, const Limits& limits);
    void begin_head(const Limits& limits);

    Call& call;
    std::optional<HeadParser> parser;  // of the response head at hand
    ResponseControl control{};
    std::optional<ChunkedDecoder> decoder;
    BodyWriter writer;
    std::size_t interim_responses = 0;
    bool head_written = false;
    bool request_done = false;
  };

  void body_has_room(Call& call) override;
  void cancel(Call& call) override;
  void body_ready() override { host_.wake(); }

  // Input: each takes the front of what has arrived and says how much that was; 0 when it needs more or must wait.
  std::size_t consume(std::string_view input);
  std::size_t consume_stage(std::string_view input);
  std::size_t take_head(std::string_view input);
  std::size_t take_body(std::string_view input);
  std::size_t take_chunks(std::string_view input);
  void consume_buffered();
  void take_interim(std::string_view head);
  void take_final(std::string_view head);
  void begin_tunnel(std::string_view head);
  void end_response();

  // Output.
  void write_request(base::Buffer& out, std::size_t limit);
  void write_head(base::Buffer& out);
  BodyCoding request_coding() const;

  void end_call();
  void fail(const CallFailure& failure);
  void finish();
  Delivered delivered() const;
  bool waits_for_switch() const;
  base::Instant now() const { return time_.now; }

  const TurnTime& time_;
  ClientWireOwner& owner_;
  const Limits& limits_;
  WireHost& host_;

  std::optional<Current> current_;
  base::Buffer input_;            // what arrived and cannot be used yet
  base::Instant awaited_since_;   // the response, its next piece, or the next call
  base::Instant unsent_since_;    // without progress
  std::size_t unsent_bytes_ = 0;  // produced, and not yet reported as sent
  Stage stage_ = Stage::kIdle;
  bool draining_ = false;
  bool peer_ended_ = false;
  bool finished_ = false;
};

}  // namespace gate::http::h1
