#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "http/fields.h"
#include "http/h3/code.h"
#include "http/h3/request_stream.h"
#include "http/limits.h"
#include "http/multiplex/framing.h"
#include "http/multiplex/stream.h"
#include "quic/application.h"

struct nghttp3_conn;

namespace gate::http::h3 {

using multiplex::Pulled;
using multiplex::Stream;

// What a session tells of its request streams. Called from within Session::read(), next_output() and taken(); may call
// the session's submitting functions, but none of those.
class SessionEvents {
 public:
  // A line of a head or trailer section, checked as to RFC 9114 4.2 and 4.3. False ends the connection.
  virtual bool field_received(RequestStream& stream, std::string_view name, std::string_view value) = 0;
  virtual void head_received(RequestStream& stream, bool ended) = 0;
  virtual void data_received(RequestStream& stream, base::ByteView bytes) = 0;
  // The client has said all of its request.
  virtual void request_ended(RequestStream& stream) = 0;

  // Bytes for a DATA frame, put into `into`. After kFailed the stream is to be reset.
  virtual Pulled pull_data(RequestStream& stream, std::span<std::byte> into) = 0;
  // The end of the response is on its way to the client.
  virtual void response_sent(RequestStream& stream) = 0;

  virtual void settings_received() = 0;

 protected:
  ~SessionEvents() = default;
};

// The protocol of RFC 9114 without HTTP's meaning: framing, field compression (RFC 9204), control streams and the order
// of RFC 9218. A thin cover over nghttp3, which is seen nowhere else.
class Session final : public multiplex::Framing {
 public:
  Session(SessionEvents& events, quic::Transport& transport, const Limits& limits);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Opens the control stream and those of QPACK. False when the client allows too few.
  [[nodiscard]] bool start();

  // What received bytes turned out to be.
  struct Reading {
    std::size_t framing = 0;     // all but the content of DATA
    std::size_t data = 0;        // the content of DATA
    bool field_section = false;  // there was a piece of one
  };
  // Why they could not be read.
  struct Fault {
    Code code;
    bool of_stream = false;  // the stream is broken, the others may go on
  };
  // Takes a stream's next bytes; gives back the credit of those that are not a body's. `stream` is null for one-way
  // streams. After a fault of the connection nothing can be done with the session but to close it.
  std::expected<Reading, Fault> read(quic::StreamId id, RequestStream* stream, base::ByteView bytes, bool last,
                                     base::Instant now);

  // The request stream of that id, or null.
  RequestStream* find(quic::StreamId id) const;

  // What is to be sent next: pulls from bodies what there is room for.
  quic::StreamOutput next_output();
  void taken(quic::StreamId id, std::size_t count);
  void acknowledged(quic::StreamId id, std::uint64_t count);
  void block(quic::StreamId id);
  void unblock(quic::StreamId id);

  void submit_head(Stream& stream, std::span<const Field> lines, bool has_body) override;
  void submit_interim(Stream& stream, std::span<const Field> lines) override;
  void resume(Stream& stream) override;
  void open_window(Stream& stream, std::size_t count) override;
  void open_connection_window(std::size_t count) override;
  bool window_shut(const Stream& stream) const override;
  void forget(Stream& stream) override;

  // Nothing more of the stream is read, or written.
  void shut_reading(quic::StreamId id);
  void shut_writing(quic::StreamId id);
  // QUIC is done with the stream: what was kept of it for the transport may go. False for one that may not end.
  [[nodiscard]] bool close(quic::StreamId id, std::optional<quic::ApplicationError> code);

  // RFC 9114 5.2: the first of the two GOAWAYs of a graceful end.
  void announce_shutdown();
  // Whether it has arrived.
  bool announcement_seen() const;
  // Then the final one.
  void shut_down();
  // Whether everything on the control stream was taken.
  bool control_flushed() const;

  // Why nothing can be done with the session any more, once that is so.
  std::optional<Code> broken() const { return broken_; }

  // RFC 9297 2.1: whether it begins with the number of a stream.
  static bool is_datagram(base::ByteView bytes);

 private:
  friend struct SessionCallbacks;

  struct Delete {
    void operator()(nghttp3_conn* connection) const;
  };

  bool may_pull(const RequestStream& stream) const;
  void feed_the_starved();
  void release(quic::StreamId id, std::size_t count);

  SessionEvents& events_;
  quic::Transport& transport_;
  std::unique_ptr<nghttp3_conn, Delete> connection_;
  std::optional<Code> broken_;  // then nghttp3 may not be asked anything any more

  RequestStream* reading_ = nullptr;  // whose bytes are being read
  Reading read_;                      // of them
  bool closing_ = false;              // within close()

  quic::StreamOutput last_output_;
  std::size_t last_output_bytes_ = 0;
  std::size_t held_ = 0;  // of all bodies: pulled, and not acknowledged
  base::IntrusiveList<RequestStream, StarvedStreams> starved_;

  quic::StreamId control_ = -1;
  std::uint64_t control_taken_ = 0;
  std::uint64_t control_acknowledged_ = 0;
  std::uint64_t streams_allowed_;
};

}  // namespace gate::http::h3
