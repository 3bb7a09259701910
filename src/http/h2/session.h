#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "http/fields.h"
#include "http/h2/frame.h"
#include "http/h2/receive_window.h"
#include "http/h2/stream_state.h"
#include "http/hpack/decoder.h"
#include "http/hpack/encoder.h"
#include "http/limits.h"
#include "http/multiplex/framing.h"
#include "http/multiplex/request_lines.h"
#include "http/multiplex/stream.h"

namespace gate::http::h2 {

using multiplex::Pulled;

// What a session tells of its connection's streams. Called from within Session::feed() and Session::produce(); may call
// the session's other functions, but neither of those two.
class SessionEvents {
 public:
  // A frame begins, whatever it is; `live` says whether its stream is open. False when it is not to be looked at, nor
  // anything that follows.
  virtual bool frame_begun(const FrameHeader& frame, bool live) = 0;

  // A request head begins. The session hands the returned stream back with every later event.
  virtual Stream& stream_opened(std::uint32_t id) = 0;
  // A line of a head or trailer section, checked as to RFC 9113 8.2 and 8.3. False when it makes the stream an error.
  virtual bool field_received(Stream& stream, const Field& line) = 0;
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

  // Both sides are done, or one has reset. The stream is forgotten.
  virtual void stream_closed(Stream& stream) = 0;

  virtual void settings_acknowledged() = 0;
  virtual void ping_acknowledged() = 0;

  // The client broke a rule of the connection. No input is taken any more; terminate() is to say so.
  virtual void connection_broken(Code code) = 0;

 protected:
  ~SessionEvents() = default;
};

// The protocol of RFC 9113 without HTTP's meaning, a server's side: framing, header compression, flow control, stream
// states and the order of RFC 9218. Frames are read where they came, and written where they are sent from.
class Session final : public multiplex::Framing {
 public:
  // `scratch` is the worker's (WireContext).
  Session(SessionEvents& events, const Limits& limits, std::span<std::byte> scratch);
  ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Works on received bytes.
  void feed(base::ByteView bytes);
  bool in_preface() const { return frames_.in_preface(); }
  // Between the first byte of a HEADERS frame and the last of the frame that ends its field section.
  bool in_head() const { return frames_.in_head(); }

  // Frames go to `out` from now on, those that have waited first. Between these two is the time to submit and to
  // produce.
  void open_output(base::Buffer& out);
  void close_output() { out_ = nullptr; }

  // Appends DATA until there is no more or the output holds at least `size_limit` bytes. False at the limit.
  bool produce(std::size_t size_limit);

  void submit_head(Stream& stream, std::span<const Field> lines, bool has_body) override;
  void submit_interim(Stream& stream, std::span<const Field> lines) override;
  void resume(Stream& stream) override;
  void open_window(Stream& stream, std::size_t count) override;
  void open_connection_window(std::size_t count) override;
  bool window_shut(const Stream& stream) const override;
  void forget(Stream& stream) override;

  // Says RST_STREAM; a stream that is open is to be forgotten beside.
  void send_reset(std::uint32_t id, Code code);

  // Whether the client keeps us from sending on any stream.
  bool connection_window_shut() const { return send_window_ <= 0; }

  // RFC 9113 6.8: the first of the two GOAWAYs of a graceful end, and a PING to learn when it has arrived.
  void announce_shutdown();
  // Then the final one: streams opened up to now are finished, later ones ignored. Yields the last such stream.
  std::uint32_t shut_down();
  // Ends the connection for an error: nothing but GOAWAY is sent any more, and no input taken.
  void terminate(Code code);

  // Frames that wait to be produced, without DATA.
  std::size_t queued() const { return waiting_frames_; }
  // False once everything is said and nothing more can come.
  bool alive() const;

 private:
  // The field section under way; `state` is null when nobody cares for it.
  struct Section {
    std::uint32_t stream_id = 0;
    StreamState* state = nullptr;
    multiplex::RequestLines lines{false};
    bool open = false;
    bool trailers = false;
    bool ends_stream = false;
    bool order_known = false;  // by a PRIORITY_UPDATE, which is newer than the head
  };

  // The DATA frame under way.
  struct Data {
    std::uint32_t content = 0;
    std::uint32_t content_left = 0;
    bool padding_unknown = false;  // its length is the next byte
  };

  // Input: session_input.cc
  void read_preface(base::ByteView& bytes);
  void begin_frame(const FrameHeader& header);
  void read_frame(const FrameFollower::Piece& piece);
  void take_frame(base::ByteView payload);
  void begin_data();
  void take_data(base::ByteView piece, bool ended);
  void take_content(base::ByteView content);
  void give_back_padding(std::size_t count);
  void end_data();
  void take_headers(base::ByteView payload);
  void begin_section();
  void begin_trailers();
  void refuse_stream();
  void take_section(base::ByteView fragment, bool last);
  void decode(base::ByteReader& input);
  void take_line(const hpack::TableLine& line);
  void end_section();
  void take_reset();
  void take_window_update(base::ByteView payload);
  void take_priority_update(base::ByteView payload);
  void take_settings(base::ByteView payload);
  Code apply(Setting id, std::uint32_t value);
  bool resize_send_windows(std::uint32_t size);
  void take_ping(base::ByteView payload);
  bool is_idle(std::uint32_t id) const;

  // Streams
  void open_stream();
  StreamState* find(std::uint32_t id) const { return streams_.find(id); }
  StreamState* find(const Stream& stream) const { return streams_.find(static_cast<std::uint32_t>(stream.id())); }
  void end_request(StreamState& state);
  void break_stream(StreamState& state, Code code);
  void close(StreamState& state);
  void drop(StreamState& state);
  void fail(Code code);

  // Output: session_output.cc
  base::Buffer& sink();
  void flush_waiting();
  void append_lines(std::uint32_t id, std::span<const Field> lines, bool ends_stream);
  void schedule(StreamState& state);
  Pulled pull(StreamState& state, std::span<std::byte> into);
  void send_data(StreamState& state);
  void end_response(StreamState& state);

  SessionEvents& events_;
  const Limits& limits_;

  FrameFollower frames_;
  FrameHeader frame_;          // under way
  base::Buffer partial_;       // what came of its payload, where that is needed whole
  base::Buffer section_rest_;  // of the field section under way: a representation that is not complete
  Section section_;
  Data data_;
  hpack::Decoder decoder_;

  hpack::Encoder encoder_;
  base::Buffer waiting_;  // frames that were made while there was no output
  std::size_t waiting_frames_ = 0;
  base::Buffer* out_ = nullptr;

  StreamTable streams_;
  SendOrder order_;
  multiplex::EarlyPriorities early_priorities_;

  std::int64_t send_window_ = kFirstWindow;
  std::int64_t first_send_window_ = kFirstWindow;  // of a new stream
  ReceiveWindow receive_window_;

  std::uint32_t last_stream_id_ = 0;  // of all that came
  std::uint32_t last_served_ = 0;     // of those that were opened
  std::uint32_t ignored_above_ = UINT32_MAX;
  bool settings_acknowledged_ = false;  // ours, which are sent once
  bool greeted_ = false;                // the client's SETTINGS are here
  bool broken_ = false;                 // no input is taken
  bool terminated_ = false;
  bool shut_down_ = false;
  bool goaway_received_ = false;
};

}  // namespace gate::http::h2
