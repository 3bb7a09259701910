#pragma once

#include <cstddef>
#include <span>

#include "http/fields.h"
#include "http/multiplex/stream.h"

namespace gate::http::multiplex {

// How a protocol carries its streams: framing and flow control, without HTTP's meaning. Implemented by the cover over
// the protocol's library.
class Framing {
 public:
  // `lines` and what they show stay as they are until they are sent or the stream is forgotten.
  virtual void submit_head(Stream& stream, std::span<const Field> lines, bool has_body) = 0;
  // The same for an interim response (RFC 9110 15.2).
  virtual void submit_interim(Stream& stream, std::span<const Field> lines) = 0;
  // The stream's body, which had to wait, has something again.
  virtual void resume(Stream& stream) = 0;

  // Lets the client send this much more: on the stream and on the connection, or on the connection alone.
  virtual void open_window(Stream& stream, std::size_t count) = 0;
  virtual void open_connection_window(std::size_t count) = 0;
  // Whether the client's flow control keeps us from sending on this stream.
  virtual bool window_shut(const Stream& stream) const = 0;

  // Nothing is told of this stream any more.
  virtual void forget(Stream& stream) = 0;

 protected:
  ~Framing() = default;
};

}  // namespace gate::http::multiplex
