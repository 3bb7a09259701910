#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "http/fields.h"
#include "http/h3/code.h"
#include "http/h3/frame_reader.h"
#include "http/h3/request_stream.h"
#include "http/h3/sent_bytes.h"
#include "http/limits.h"
#include "http/multiplex/framing.h"
#include "http/multiplex/stream.h"
#include "http/multiplex/stream_order.h"
#include "http/qpack/decoder.h"
#include "http/qpack/encoder.h"
#include "quic/application.h"

namespace gate::http::h3 {

using multiplex::Pulled;
using multiplex::Stream;

// What a session tells of its request streams. Called from within Session::read(), next_output() and taken(); may call
// the session's submitting and shutting functions, but none of those.
class SessionEvents {
 public:
  // A line of a head or trailer section, checked as to RFC 9114 4.2 and 4.3. False ends the connection.
  virtual bool field_received(RequestStream& stream, const Field& line) = 0;
  virtual void head_received(RequestStream& stream, bool ended) = 0;
  virtual void data_received(RequestStream& stream, base::ByteView bytes) = 0;
  // The client has said all of its request.
  virtual void request_ended(RequestStream& stream) = 0;
  // RFC 9114 4.1.2: the request is malformed, or not whole. The stream is to be reset; the others go on.
  virtual void request_broken(RequestStream& stream, Code code) = 0;

  // Bytes for a DATA frame, put into `into`. After kFailed the stream is to be reset.
  virtual Pulled pull_data(RequestStream& stream, std::span<std::byte> into) = 0;
  // The end of the response is on its way to the client.
  virtual void response_sent(RequestStream& stream) = 0;

  virtual void settings_received() = 0;

 protected:
  ~SessionEvents() = default;
};

// The protocol of RFC 9114 without HTTP's meaning, a server's side: framing, field compression (RFC 9204), control
// streams and the order of RFC 9218. What is sent on a stream is written once, to where it stays until it has arrived.
class Session final : public multiplex::Framing {
 public:
  // `scratch` is the worker's (WireContext).
  Session(SessionEvents& events, quic::Transport& transport, const Limits& limits, std::span<std::byte> scratch);
  ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Opens the control stream and those of QPACK. False when the client allows too few.
  [[nodiscard]] bool start();

  // A request stream begins; it is closed with close() before it dies.
  void adopt(RequestStream& stream);
  // The request stream of that id, or null.
  RequestStream* find(quic::StreamId id) const;

  // What received bytes turned out to be.
  struct Reading {
    std::size_t framing = 0;         // all but the content of DATA
    std::size_t data = 0;            // the content of DATA
    bool field_section = false;      // there was a piece of one
    std::size_t unknown_frames = 0;  // that were ignored
    std::size_t priority_updates = 0;
  };
  // Takes a stream's next bytes; gives back the credit of those that are not a body's. `stream` is null for one-way
  // streams.
  Reading read(quic::StreamId id, RequestStream* stream, base::ByteView bytes, bool last);

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
  [[nodiscard]] bool close(quic::StreamId id);

  // RFC 9114 5.2: the first of the two GOAWAYs of a graceful end.
  void announce_shutdown();
  // Whether it has arrived.
  bool announcement_seen() const { return control_.bytes.held() == 0; }
  // Then the final one.
  void shut_down();
  // Whether everything on the control stream was taken.
  bool control_flushed() const { return broken_ || control_.bytes.unsent() == 0; }

  // Why nothing can be done with the session any more, once that is so.
  std::optional<Code> broken() const { return broken_; }

  // RFC 9297 2.1: whether it begins with the number of a stream.
  static bool is_datagram(base::ByteView bytes);

 private:
  RequestStream* find(const Stream& stream) const { return find(static_cast<quic::StreamId>(stream.id())); }

  // How many streams may wait for lines of QPACK's table. Their bytes are bounded by the connection's flow control.
  static constexpr std::size_t kWaitingStreamsMax = 16;

  // A one-way stream of ours.
  struct OneWay {
    quic::StreamId id = -1;
    SentBytes bytes;
    bool blocked = false;
  };

  // A one-way stream of the client's whose type is not known, or is of no interest.
  struct Stranger {
    quic::StreamId id;
    base::Buffer type{};  // what came of it
    bool ignored = false;
  };

  // Requests: session_requests.cc
  void read_request(RequestStream& stream, base::ByteView bytes, bool last);
  void begin_frame(RequestStream& stream);
  void begin_section(RequestStream& stream, bool trailers);
  void read_payload(RequestStream& stream, base::ByteReader& input, bool last);
  void take_content(RequestStream& stream, base::ByteView content);
  void take_section(RequestStream& stream, base::ByteView fragment);
  bool take_prefix(RequestStream& stream, base::ByteReader& input);
  void decode(RequestStream& stream, base::ByteReader& input);
  void take_line(RequestStream& stream, const qpack::TableLine& line);
  void end_section(RequestStream& stream);
  void end_head(RequestStream& stream);
  void end_request(RequestStream& stream);
  void go_on(RequestStream& stream);
  void stop_waiting(RequestStream& stream);
  void ignore(base::ByteView bytes);

  // One-way streams: session_control.cc
  void read_one_way(quic::StreamId id, base::ByteView bytes, bool last);
  void read_stranger(quic::StreamId id, base::ByteView bytes, bool last);
  bool begin_one_way(quic::StreamId id, StreamType type);
  void read_control(base::ByteReader& input);
  void begin_control_frame();
  void take_control_frame(base::ByteView payload);
  void take_settings(base::ByteReader payload);
  void take_goaway(base::ByteReader payload);
  void take_max_push_id(base::ByteReader payload);
  void take_priority_update(base::ByteReader payload);
  void read_encoder(base::ByteView bytes);
  void read_decoder(base::ByteView bytes);
  void tell_of_insertions();
  void say_to_encoder(std::uint8_t pattern, unsigned prefix_bits, std::uint64_t number);

  // Output: session_output.cc
  OneWay* find_own(quic::StreamId id);
  void append_goaway(std::uint64_t id);
  quic::StreamOutput output_of(const SentBytes& bytes, quic::StreamId id, bool said_all);
  void append_frame(OneWay& stream, FrameType type, base::ByteView payload);
  void append_section(RequestStream& stream, std::span<const Field> lines);
  void schedule(RequestStream& stream);
  bool may_pull(const RequestStream& stream) const;
  bool pull(RequestStream& stream);
  void feed_the_starved();

  void fail(Code code) {
    if (!broken_) broken_ = code;
  }
  void release(quic::StreamId id, std::size_t count) {
    if (count > 0) transport_.release(id, count);
  }

  SessionEvents& events_;
  quic::Transport& transport_;
  const Limits& limits_;
  std::optional<Code> broken_;

  using Order = multiplex::SendOrder<RequestStream, SendingStreams>;
  multiplex::StreamTable<RequestStream, 4> streams_;
  Order order_;
  multiplex::EarlyPriorities early_priorities_;
  quic::StreamId next_request_ = 0;  // above all that were opened
  std::uint64_t streams_allowed_;
  Reading read_;         // of the bytes that are being read
  bool at_end_ = false;  // no more of the stream will come behind what is being looked at

  qpack::Decoder decoder_;
  std::size_t waiting_ = 0;  // streams whose sections wait
  std::uint64_t told_ = 0;   // insertions the client knows that we know
  qpack::Encoder encoder_;

  OneWay control_;
  OneWay encoder_out_;
  OneWay decoder_out_;
  quic::StreamId control_in_ = -1;
  quic::StreamId encoder_in_ = -1;
  quic::StreamId decoder_in_ = -1;
  std::vector<Stranger> strangers_;
  FrameReader control_frame_;
  base::Buffer control_payload_;
  base::Buffer encoder_rest_;  // an instruction that is not complete
  base::Buffer decoder_rest_;
  bool settings_received_ = false;
  std::optional<std::uint64_t> goaway_;
  std::optional<std::uint64_t> max_push_id_;

  // What was said to be sent last.
  quic::StreamId output_stream_ = -1;
  std::size_t output_bytes_ = 0;
  bool output_ends_ = false;
  std::size_t held_ = 0;  // on all request streams: written, and not acknowledged
  base::IntrusiveList<RequestStream, StarvedStreams> starved_;
};

}  // namespace gate::http::h3
