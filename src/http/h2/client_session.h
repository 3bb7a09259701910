#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "http/fields.h"
#include "http/h2/call_stream.h"
#include "http/h2/frame.h"
#include "http/limits.h"

struct nghttp2_session;

namespace gate::http::h2 {

// What a client's session tells of its streams. Called from within ClientSession::feed() and produce(); may call all
// other functions of the session, but neither of those two. Any of these may end the stream.
class ClientSessionEvents {
 public:
  // A field section: its beginning, its lines (checked as to RFC 9113 8.2 and 8.3), its end.
  virtual void section_begun(CallStream& stream) = 0;
  virtual void field_received(CallStream& stream, std::string_view name, std::string_view value) = 0;
  virtual void section_received(CallStream& stream, bool ended) = 0;
  virtual void data_received(CallStream& stream, base::ByteView bytes) = 0;
  // The last DATA frame is complete.
  virtual void data_ended(CallStream& stream) = 0;
  // The response breaks a rule of RFC 9113 8.
  virtual void malformed(CallStream& stream) = 0;
  // Both sides are done, one has reset, or the server will not look at it (GOAWAY).
  virtual void stream_closed(CallStream& stream, Code code) = 0;

  virtual void head_sent(CallStream& stream) = 0;
  // Bytes for a DATA frame, put into `into`. After kFailed the stream has been reset.
  virtual BodyRead pull_data(CallStream& stream, std::span<std::byte> into) = 0;
  // END_STREAM is on its way.
  virtual void request_sent(CallStream& stream) = 0;

  virtual void settings_received() = 0;
  // An error of the server, found by the library.
  virtual void goaway_sent(Code code) = 0;

 protected:
  ~ClientSessionEvents() = default;
};

// The client's side of RFC 9113 without HTTP's meaning: framing, header compression, flow control, stream states. A
// thin cover over nghttp2, as Session is for the server's side.
class ClientSession {
 public:
  ClientSession(ClientSessionEvents& events, const Limits& limits);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // Works on received bytes. What breaks the connection has queued a GOAWAY when this returns.
  void feed(base::ByteView bytes);

  // Appends frames to `out` until there are no more or it holds at least `size_limit` bytes.
  void produce(base::Buffer& out, std::size_t size_limit);

  // Opens a stream with this head. `lines` are copied. False when the connection takes none any more.
  bool submit(CallStream& stream, std::span<const Field> lines);
  // The stream's request body, which had to wait, has something again.
  void resume(const CallStream& stream);
  // Ends the stream with RST_STREAM.
  void reset(const CallStream& stream, Code code);
  // Nothing is told of this stream any more.
  void forget(const CallStream& stream);
  // Lets the server send this much more on the stream. The connection's window opens by itself.
  void open_window(const CallStream& stream, std::size_t count);

  // The live stream of that id, or null.
  CallStream* find(std::uint32_t id) const;

  // Whether requests can be sent: no GOAWAY came or went, and ids are left.
  bool takes_requests() const;
  // How many the server lets run at once.
  std::uint32_t streams_max() const;
  // Whether the server keeps us from sending on this stream.
  bool window_shut(const CallStream& stream) const;

  // Says GOAWAY. Nothing is sent behind it, and no input taken.
  void terminate(Code code);

  // Frames that wait to be produced, without DATA.
  std::size_t queued() const;
  // False once everything is said and nothing more can come.
  bool alive() const;

 private:
  friend struct ClientSessionCallbacks;

  struct Delete {
    void operator()(nghttp2_session* session) const;
  };

  ClientSessionEvents& events_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  base::Buffer* out_ = nullptr;  // during produce()
  std::size_t size_limit_ = 0;
};

}  // namespace gate::http::h2
