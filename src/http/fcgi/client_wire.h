#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/fcgi/record.h"
#include "http/serial_client_wire.h"

namespace gate::http::fcgi {

// The web server's side of FastCGI 1.0 on one connection, in the role of a responder: a call's `parameters` and body go
// to a program, what it writes comes back as a CGI response (RFC 3875 6). One call at a time, since hardly any program
// multiplexes. The program is told to close a connection that is not kept.
class ClientWire final : public SerialClientWire {
 public:
  // All outlive the wire.
  ClientWire(const TurnTime& time, ClientWireOwner& owner, const Limits& limits, WireHost& host)
      : SerialClientWire(time, owner, limits, host) {}
  ~ClientWire() override { abandon(); }
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  void receive_end() override;

 private:
  void begin_call() override;

  // Input.
  std::size_t consume(base::ByteView input) override;
  void take(const RecordReader::Piece& piece);
  void take_output(base::ByteView content);
  void take_head(std::string_view block);
  void take_body(base::ByteView content);
  void take_diagnostics(base::ByteView content);
  void take_end(ProtocolStatus status);
  void complete_response();
  void end_request();

  // Output.
  void write_head(base::Buffer& out) override;
  BodyRead::State write_body(base::Buffer& out, std::size_t limit) override;

  RecordReader reader_;
  base::Buffer head_;                       // of the response, as far as it has arrived
  std::optional<std::uint64_t> body_rest_;  // where the response says its length
  std::size_t discarded_bytes_ = 0;         // of the tail
};

}  // namespace gate::http::fcgi
