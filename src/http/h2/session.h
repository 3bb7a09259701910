#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "http/fields.h"
#include "http/h2/frame.h"
#include "http/limits.h"
#include "http/multiplex/framing.h"
#include "http/multiplex/stream.h"

struct nghttp2_session;

namespace gate::http::h2 {

using multiplex::Pulled;
using multiplex::Stream;

class SessionMemory;

// What a session tells of its connection's streams. Called from within Session::feed() and Session::produce(); may call
// the session's submitting functions, but neither of those two.
class SessionEvents {
 public:
  // A request head begins. The session hands the returned stream back with every later event.
  virtual Stream& stream_opened(std::uint32_t id) = 0;
  // A line of a head or trailer section, checked as to RFC 9113 8.2 and 8.3. False when it makes the stream an error.
  virtual bool field_received(Stream& stream, std::string_view name, std::string_view value) = 0;
  virtual void head_received(Stream& stream, bool ended) = 0;
  virtual void data_received(Stream& stream, base::ByteView bytes) = 0;
  // The last DATA frame or the trailer section is complete.
  virtual void request_ended(Stream& stream) = 0;
  virtual void reset_received(Stream& stream) = 0;
  // A DATA frame that carried nothing but padding.
  virtual void hollow_data_received() = 0;
  // More streams at once than allowed.
  virtual void stream_refused(std::uint32_t id) = 0;

  // Bytes for a DATA frame, put into `into`.
  virtual Pulled pull_data(Stream& stream, std::span<std::byte> into) = 0;
  // END_STREAM is on its way to the client.
  virtual void response_sent(Stream& stream) = 0;
  // RST_STREAM is on its way to the client; by us, or by the session for an error of the client.
  virtual void reset_sent(Code code) = 0;
  virtual void goaway_sent(Code code) = 0;

  // Both sides are done, or one has reset. The stream is forgotten afterwards.
  virtual void stream_closed(Stream& stream) = 0;

  virtual void settings_acknowledged() = 0;
  virtual void ping_acknowledged() = 0;

 protected:
  ~SessionEvents() = default;
};

// The protocol of RFC 9113 without HTTP's meaning: framing, header compression, flow control, stream states and the
// order of RFC 9218. A thin cover over nghttp2, which is seen nowhere else.
class Session final : public multiplex::Framing {
 public:
  // `scratch` is the worker's (WireContext).
  Session(SessionEvents& events, const Limits& limits, std::span<std::byte> scratch);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Works on received bytes. What breaks the connection has queued a GOAWAY when this returns.
  void feed(base::ByteView bytes);

  // Appends frames to `out` until there are no more or it holds at least `size_limit` bytes. False at the limit.
  bool produce(base::Buffer& out, std::size_t size_limit);

  // The live stream of that id, or null.
  Stream* find(std::uint32_t id) const;

  void submit_head(Stream& stream, std::span<const Field> lines, bool has_body) override;
  void submit_interim(Stream& stream, std::span<const Field> lines) override;
  void resume(Stream& stream) override;
  void open_window(Stream& stream, std::size_t count) override;
  void open_connection_window(std::size_t count) override;
  bool window_shut(const Stream& stream) const override;
  void forget(Stream& stream) override;

  // Ends the stream with RST_STREAM.
  void reset(std::uint32_t id, Code code);

  // Whether the client keeps us from sending on any stream.
  bool connection_window_shut() const;

  // RFC 9113 6.8: the first of the two GOAWAYs of a graceful end, and a PING to learn when it has arrived.
  void announce_shutdown();
  // Then the final one: streams opened up to now are finished, later ones ignored. Yields the last such stream.
  std::uint32_t shut_down();
  // Ends the connection for an error: nothing but GOAWAY is sent any more, and no input taken.
  void terminate(Code code);

  // Frames that wait to be produced, without DATA.
  std::size_t queued() const;
  // False once everything is said and nothing more can come.
  bool alive() const;

 private:
  friend struct SessionCallbacks;

  struct Delete {
    void operator()(nghttp2_session* session) const;
  };

  SessionEvents& events_;
  std::unique_ptr<SessionMemory> memory_;  // before the session, which uses it to its end
  std::unique_ptr<nghttp2_session, Delete> session_;
  Stream* head_stream_ = nullptr;  // whose field section is being read: saves a look-up a line
  base::Buffer* out_ = nullptr;    // during produce()
  std::size_t size_limit_ = 0;
};

}  // namespace gate::http::h2
