#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "http/exchange.h"
#include "http/h1/body_writer.h"
#include "http/response_rules.h"
#include "http/wire.h"

namespace gate::http::h1 {

// Whether the connection is said to live on: by silence on HTTP/1.1, by a field on HTTP/1.0. Or to be HTTP no more.
enum class Persistence : std::uint8_t { kKeepAlive, kClose, kUpgrade };

// Writes one response: head, body and the framing around it.
class ResponseWriter {
 public:
  // Writes the head and decides how the body will be framed. The response is sendable (see is_sendable).
  void write_head(const Exchange& exchange, const ResponseFraming& framing, Persistence persistence,
                  const TurnTime& time, base::Buffer& out);

  // Pulls the body into `out` until that holds about `limit` bytes (kData), the body ends (kEnd: the response is
  // complete), has nothing now (kWait) or cannot be completed (kFailed).
  BodyRead::State write_body(Exchange& exchange, base::Buffer& out, std::size_t limit);

 private:
  static BodyCoding choose_coding(const Exchange& exchange, const ResponseFraming& framing);

  BodyWriter body_;
};

// A whole response of 1xx (RFC 9110 15.2), which is sendable (see is_sendable_interim).
void write_interim(std::uint16_t status, const FieldList& fields, base::Buffer& out);
// RFC 9110 15.2.1.
void write_continue(base::Buffer& out);

}  // namespace gate::http::h1
