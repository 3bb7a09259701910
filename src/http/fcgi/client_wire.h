#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/client_wire.h"
#include "http/fcgi/record.h"

namespace gate::http::fcgi {

// The web server's side of FastCGI 1.0 on one connection, in the role of a responder: a call's `parameters` and body go
// to a program, what it writes comes back as a CGI response (RFC 3875 6). One call at a time, since hardly any program
// multiplexes. Where `Limits::idle_timeout` is 0, the program is told to close the connection behind its response.
//
//   idle --> head --> body --> tail --> idle ...        any --> closed
//                      '------------------^
// In the tail the response is complete as far as its length goes, but the program has not ended yet.
class ClientWire final : public http::ClientWire, private CallDriver, private BodyWaker {
 public:
  // All outlive the wire.
  ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host);
  ~ClientWire() override;
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  bool takes_calls() const override { return stage_ == Stage::kIdle && !draining_; }
  void start(Call& call) override;

  void receive(base::ByteView bytes) override;
  void receive_end() override;
  void produce(base::Buffer& out, std::size_t budget) override;
  bool wants_read() const override;
  bool finished() const override { return stage_ == Stage::kClosed; }
  base::Instant deadline() const override;
  void on_deadline() override;
  void note_progress(std::size_t bytes_sent) override;
  void drain() override;
  std::size_t exchanges() const override { return current_ ? 1 : 0; }
  void abandon() override;

 private:
  enum class Stage : std::uint8_t { kIdle, kHead, kBody, kTail, kClosed };

  // The call at hand, until its response is received and its request sent.
  struct Current {
    Call& call;
    base::Buffer head{};                       // as far as it has arrived
    std::optional<std::uint64_t> body_rest{};  // where the response says its length
    bool head_written = false;
    bool request_done = false;
  };

  void body_has_room(Call& call) override;
  void cancel(Call& call) override;
  void body_ready() override { host_.wake(); }

  // Input.
  std::size_t consume(base::ByteView input);
  void take(const RecordReader::Piece& piece);
  void take_output(base::ByteView content);
  void take_head(std::string_view block);
  void take_body(base::ByteView content);
  void take_diagnostics(base::ByteView content);
  void take_end(ProtocolStatus status);
  void complete_response();
  void end_request();

  // Output.
  void write_request(base::Buffer& out, std::size_t limit);
  void write_head(base::Buffer& out);
  BodyRead::State write_body(base::Buffer& out, std::size_t limit);

  void end_call();
  void fail(const CallFailure& failure);
  void finish();
  bool keeps() const { return limits_.idle_timeout.count() > 0; }
  Delivered delivered() const;
  base::Instant now() const { return time_.now; }

  const TurnTime& time_;
  ClientWireOwner& owner_;
  const Limits& limits_;
  WireHost& host_;

  std::optional<Current> current_;
  RecordReader reader_;
  base::Buffer input_;               // what arrived and cannot be used yet: less than a header and an END_REQUEST
  std::size_t discarded_bytes_ = 0;  // of the tail
  base::Instant awaited_since_;      // the response, its next piece, or the next call
  base::Instant unsent_since_;       // without progress
  std::size_t unsent_bytes_ = 0;     // produced, and not yet reported as sent
  Stage stage_ = Stage::kIdle;
  bool draining_ = false;
  bool peer_ended_ = false;
};

}  // namespace gate::http::fcgi
