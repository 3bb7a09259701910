#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/h1/body_writer.h"
#include "http/h1/chunked_decoder.h"
#include "http/h1/parser.h"
#include "http/h1/response_head.h"
#include "http/serial_client_wire.h"

namespace gate::http::h1 {

// The client's side of HTTP/1.1 on one connection (RFC 9112): nothing is pipelined. As strict with responses as the
// server's side is with requests: what could be read in two ways ends the connection, so that no response is taken for
// another's.
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
  void begin_head();

  // Input: each takes the front of what has arrived and says how much that was; 0 when it needs more.
  std::size_t consume(base::ByteView input) override;
  std::size_t consume_stage(std::string_view input);
  std::size_t take_head(std::string_view input);
  std::size_t take_body(std::string_view input);
  std::size_t take_chunks(std::string_view input);
  void take_interim(std::string_view head);
  void take_final(std::string_view head);
  void begin_tunnel(std::string_view head);
  void end_response();

  // Output.
  void write_head(base::Buffer& out) override;
  BodyRead::State write_body(base::Buffer& out, std::size_t limit) override;
  BodyCoding request_coding() const;

  // Of the call at hand.
  std::optional<HeadParser> parser_;  // of the response head at hand
  ResponseControl control_{};
  std::optional<ChunkedDecoder> decoder_;
  BodyWriter writer_;
  std::size_t interim_responses_ = 0;
};

}  // namespace gate::http::h1
