#include "http/h3/session.h"

#include <nghttp3/nghttp3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "os/random.h"

namespace gate::http::h3 {
namespace {

// What a client's header compression may make us remember, and how many of its streams may wait for that memory to be
// filled in. The bytes of those are bounded by the connection's flow control.
constexpr std::size_t kTableBytes = 4096;
constexpr std::size_t kBlockedStreamsMax = 16;

// What one stream, and all of them, may hold of bodies that the client has not acknowledged: as much as the network may
// carry at once to a fast client far away, and what a client can cost us by taking nothing.
constexpr std::size_t kStreamHeldBytesMax = 2 * 1024 * 1024;
constexpr std::size_t kConnectionHeldBytesMax = 4 * 1024 * 1024;

// One-way streams of the client that are to be reckoned with besides requests.
constexpr std::size_t kOneWayStreams = 8;

// Frames without use (unknown types, priorities again and again) that nghttp3 lets pass: so many at once, so many a
// second.
constexpr std::uint64_t kGlitchesAtOnce = 1000;
constexpr std::uint64_t kGlitchesPerSecond = 33;

std::string_view text_of(nghttp3_rcbuf* buffer) {
  const nghttp3_vec bytes = nghttp3_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

const std::uint8_t* octets_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

quic::StreamId number_of(const Stream& stream) { return static_cast<quic::StreamId>(stream.id()); }

bool is_request(quic::StreamId id) { return (id & 3) == 0; }

nghttp3_tstamp stamp_of(base::Instant now) {
  return static_cast<nghttp3_tstamp>(std::chrono::nanoseconds(now.time_since_epoch()).count());
}

Code code_of(int error) {
  switch (error) {
    case NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE:
    case NGHTTP3_ERR_QPACK_FATAL: return Code::kExcessiveLoad;
    default: return Code{nghttp3_err_infer_quic_app_error_code(error)};
  }
}

// RFC 9114 4.1.2: "Malformed requests or responses that are detected MUST be treated as a stream error of type
// H3_MESSAGE_ERROR." nghttp3 reports them as it reports errors of the connection, after which its manual allows nothing
// any more; but they leave all else as it was, and the stream is shut at once so that what is half read of it is never
// looked at again. Tests and the fuzz target hold a newer nghttp3 to that.
bool is_of_stream(int error) {
  return error == NGHTTP3_ERR_MALFORMED_HTTP_HEADER || error == NGHTTP3_ERR_MALFORMED_HTTP_MESSAGING;
}

// A function of nghttp3 that fails only for want of memory or for a bug of ours.
void must(int result) { GATE_CHECK(result == 0); }

}  // namespace

// The functions nghttp3 calls; `user_data` is the session, `stream_user_data` the request stream, once it is known.
struct SessionCallbacks {
  static Session& self(void* user_data) { return *static_cast<Session*>(user_data); }

  // Null when nobody cares for the stream any more.
  static RequestStream* stream_of(const Session& session, void* stream_user_data) {
    auto* stream = stream_user_data ? static_cast<RequestStream*>(stream_user_data) : session.reading_;
    return stream && stream->exchange ? stream : nullptr;
  }

  static int begin_fields(nghttp3_conn*, std::int64_t, void* user_data, void*) {
    self(user_data).read_.field_section = true;
    return 0;
  }

  static int field(nghttp3_conn*, std::int64_t, std::int32_t, nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t,
                   void* user_data, void* stream_user_data) {
    Session& session = self(user_data);
    session.read_.field_section = true;
    RequestStream* stream = stream_of(session, stream_user_data);
    const bool good = !stream || session.events_.field_received(*stream, text_of(name), text_of(value));
    return good ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
  }

  static int end_head(nghttp3_conn*, std::int64_t, int ended, void* user_data, void* stream_user_data) {
    Session& session = self(user_data);
    session.read_.field_section = true;
    if (RequestStream* stream = stream_of(session, stream_user_data))
      session.events_.head_received(*stream, ended != 0);
    return 0;
  }

  static int end_trailers(nghttp3_conn*, std::int64_t, int, void* user_data, void*) {
    self(user_data).read_.field_section = true;
    return 0;
  }

  static int data(nghttp3_conn*, std::int64_t, const std::uint8_t* data, std::size_t size, void* user_data,
                  void* stream_user_data) {
    Session& session = self(user_data);
    session.read_.data += size;
    if (RequestStream* stream = stream_of(session, stream_user_data)) {
      session.events_.data_received(*stream, std::as_bytes(std::span(data, size)));
    } else {
      session.transport_.release_connection(size);
    }
    return 0;
  }

  static int end_request(nghttp3_conn*, std::int64_t, void* user_data, void* stream_user_data) {
    Session& session = self(user_data);
    if (RequestStream* stream = stream_of(session, stream_user_data)) session.events_.request_ended(*stream);
    return 0;
  }

  // Bytes that had to wait for the compression's memory, and were read now or thrown away.
  static int deferred_consume(nghttp3_conn*, std::int64_t id, std::size_t count, void* user_data, void*) {
    self(user_data).release(id, count);
    return 0;
  }

  static int stop_sending(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user_data, void*) {
    self(user_data).transport_.stop(id, code);
    return 0;
  }

  static int reset_stream(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user_data, void*) {
    self(user_data).transport_.reset(id, code);
    return 0;
  }

  static int acknowledged(nghttp3_conn*, std::int64_t, std::uint64_t count, void* user_data, void* stream_user_data) {
    auto* stream = static_cast<RequestStream*>(stream_user_data);
    GATE_CHECK(stream);
    stream->body.release(count);
    self(user_data).held_ -= count;
    return 0;
  }

  static int settings(nghttp3_conn*, const nghttp3_proto_settings*, void* user_data) {
    self(user_data).events_.settings_received();
    return 0;
  }

  static void random(std::uint8_t* into, std::size_t size) {
    os::SystemRandom().fill(std::as_writable_bytes(std::span(into, size)));
  }

  static nghttp3_ssize read_data(nghttp3_conn* raw, std::int64_t, nghttp3_vec* pieces, std::size_t,
                                 std::uint32_t* flags, void* user_data, void* stream_user_data) {
    Session& session = self(user_data);
    RequestStream* stream = stream_of(session, stream_user_data);
    if (!stream) return NGHTTP3_ERR_WOULDBLOCK;
    if (!session.may_pull(*stream)) {
      session.starved_.push_back(*stream);
      return NGHTTP3_ERR_WOULDBLOCK;
    }
    const Pulled pulled = session.events_.pull_data(*stream, stream->body.room());
    const bool can_go_on = pulled.read.state == BodyRead::State::kData || pulled.read.state == BodyRead::State::kEnd;
    if (!can_go_on) return NGHTTP3_ERR_WOULDBLOCK;
    if (pulled.read.state == BodyRead::State::kEnd) *flags |= NGHTTP3_DATA_FLAG_EOF;
    if (!pulled.trailers.empty()) {
      *flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
      const auto lines = lines_of(*stream->exchange, pulled.trailers);
      must(nghttp3_conn_submit_trailers(raw, stream->id, lines.data(), lines.size()));
    }
    if (pulled.read.count == 0) return 0;
    session.held_ += pulled.read.count;
    const base::ByteView bytes = stream->body.commit(pulled.read.count);
    // nghttp3 only reads them, but its structure is not const.
    pieces[0] = {const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data())), bytes.size()};
    return 1;
  }

  // nghttp3 makes copies of names and values, so that they may go before it has encoded them.
  static std::span<nghttp3_nv> lines_of(Stream& stream, std::span<const Field> fields) {
    const auto lines = stream.exchange.arena().make_array<nghttp3_nv>(fields.size());
    std::ranges::transform(fields, lines.begin(), [](const Field& field) {
      return nghttp3_nv{octets_of(field.name), octets_of(field.value), field.name.size(), field.value.size(),
                        NGHTTP3_NV_FLAG_NONE};
    });
    return lines;
  }

  static nghttp3_callbacks all() {
    nghttp3_callbacks callbacks{};
    callbacks.begin_headers = begin_fields;
    callbacks.recv_header = field;
    callbacks.end_headers = end_head;
    callbacks.begin_trailers = begin_fields;
    callbacks.recv_trailer = field;
    callbacks.end_trailers = end_trailers;
    callbacks.recv_data = data;
    callbacks.end_stream = end_request;
    callbacks.deferred_consume = deferred_consume;
    callbacks.stop_sending = stop_sending;
    callbacks.reset_stream = reset_stream;
    callbacks.acked_stream_data = acknowledged;
    callbacks.recv_settings2 = settings;
    callbacks.rand = random;
    return callbacks;
  }
};

namespace {

nghttp3_settings settings_of(const Limits& limits) {
  nghttp3_settings settings;
  nghttp3_settings_default(&settings);
  settings.max_field_section_size = limits.header_bytes_max;
  settings.qpack_max_dtable_capacity = kTableBytes;
  settings.qpack_encoder_max_dtable_capacity = kTableBytes;
  settings.qpack_blocked_streams = kBlockedStreamsMax;
  settings.enable_connect_protocol = 1;
  settings.h3_datagram = 1;
  settings.glitch_ratelim_burst = kGlitchesAtOnce;
  settings.glitch_ratelim_rate = kGlitchesPerSecond;
  return settings;
}

}  // namespace

void Session::Delete::operator()(nghttp3_conn* connection) const { nghttp3_conn_del(connection); }

Session::Session(SessionEvents& events, quic::Transport& transport, const Limits& limits)
    : events_(events), transport_(transport), streams_allowed_(limits.streams_max) {
  const nghttp3_callbacks callbacks = SessionCallbacks::all();
  const nghttp3_settings settings = settings_of(limits);
  nghttp3_conn* made = nullptr;
  must(nghttp3_conn_server_new(&made, &callbacks, &settings, nullptr, this));
  connection_.reset(made);
  nghttp3_conn_set_max_client_streams_bidi(made, streams_allowed_);
  nghttp3_conn_set_max_concurrent_streams(made, limits.streams_max + kOneWayStreams);
}

Session::~Session() = default;

bool Session::start() {
  const auto control = transport_.open_one_way();
  const auto encoder = control ? transport_.open_one_way() : std::nullopt;
  const auto decoder = encoder ? transport_.open_one_way() : std::nullopt;
  if (!decoder) return false;
  control_ = *control;
  must(nghttp3_conn_bind_control_stream(connection_.get(), *control));
  must(nghttp3_conn_bind_qpack_streams(connection_.get(), *encoder, *decoder));
  return true;
}

// --- Reading

std::expected<Session::Reading, Session::Fault> Session::read(quic::StreamId id, RequestStream* stream,
                                                              base::ByteView bytes, bool last, base::Instant now) {
  if (broken_) return Reading{};
  reading_ = stream;
  read_ = {};
  const nghttp3_ssize result =
      nghttp3_conn_read_stream2(connection_.get(), id, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                bytes.size(), last ? 1 : 0, stamp_of(now));
  reading_ = nullptr;
  if (result >= 0) {
    read_.framing = static_cast<std::size_t>(result);
    if (stream) must(nghttp3_conn_set_stream_user_data(connection_.get(), id, stream));
    release(id, read_.framing);
    return read_;
  }
  const int error = static_cast<int>(result);
  const bool of_stream = stream != nullptr && is_of_stream(error);
  if (of_stream) {
    must(nghttp3_conn_set_stream_user_data(connection_.get(), id, stream));
    transport_.release_connection(bytes.size() - read_.data);
  } else {
    broken_ = code_of(error);
  }
  return std::unexpected(Fault{code_of(error), of_stream});
}

RequestStream* Session::find(quic::StreamId id) const {
  if (broken_ || !is_request(id)) return nullptr;
  return static_cast<RequestStream*>(nghttp3_conn_get_stream_user_data(connection_.get(), id));
}

void Session::release(quic::StreamId id, std::size_t count) {
  if (count == 0) return;
  if (closing_) {
    transport_.release_connection(count);
  } else {
    transport_.release(id, count);
  }
}

void Session::shut_reading(quic::StreamId id) {
  if (broken_) return;
  // Fails when the client takes nothing on the stream of QPACK's decoder while it resets one stream after the other.
  const int result = nghttp3_conn_shutdown_stream_read(connection_.get(), id);
  if (result != 0) broken_ = code_of(result);
}

// --- Writing

bool Session::may_pull(const RequestStream& stream) const {
  return held_ < kConnectionHeldBytesMax && stream.body.held() < kStreamHeldBytesMax;
}

void Session::feed_the_starved() {
  if (held_ >= kConnectionHeldBytesMax) return;
  while (!starved_.empty()) must(nghttp3_conn_resume_stream(connection_.get(), starved_.pop_front().id));
}

quic::StreamOutput Session::next_output() {
  quic::StreamOutput output;
  if (broken_) return output;
  std::array<nghttp3_vec, quic::StreamOutput::kPiecesMax> pieces;
  int last = 0;
  const nghttp3_ssize count =
      nghttp3_conn_writev_stream(connection_.get(), &output.stream, &last, pieces.data(), pieces.size());
  if (count < 0) {
    broken_ = code_of(static_cast<int>(count));
    return {};
  }
  output.count = static_cast<std::size_t>(count);
  output.last = last != 0;
  last_output_bytes_ = 0;
  for (std::size_t i = 0; i < output.count; ++i) {
    output.pieces[i] = std::as_bytes(std::span(pieces[i].base, pieces[i].len));
    last_output_bytes_ += pieces[i].len;
  }
  last_output_ = output;
  return output;
}

void Session::taken(quic::StreamId id, std::size_t count) {
  if (broken_) return;
  must(nghttp3_conn_add_write_offset(connection_.get(), id, count));
  if (id == control_) control_taken_ += count;
  const bool whole = id == last_output_.stream && count == last_output_bytes_;
  if (!whole || !last_output_.last) return;
  if (RequestStream* stream = find(id); stream && stream->exchange) events_.response_sent(*stream);
}

void Session::acknowledged(quic::StreamId id, std::uint64_t count) {
  if (broken_) return;
  must(nghttp3_conn_add_ack_offset(connection_.get(), id, count));
  if (id == control_) control_acknowledged_ += count;
  feed_the_starved();
}

void Session::block(quic::StreamId id) {
  if (!broken_) nghttp3_conn_block_stream(connection_.get(), id);
}

void Session::unblock(quic::StreamId id) {
  if (!broken_) must(nghttp3_conn_unblock_stream(connection_.get(), id));
}

void Session::shut_writing(quic::StreamId id) {
  if (!broken_) nghttp3_conn_shutdown_stream_write(connection_.get(), id);
}

// --- What an exchange asks of its framing

void Session::submit_head(Stream& stream, std::span<const Field> lines, bool has_body) {
  if (broken_) return;
  const auto sent = SessionCallbacks::lines_of(stream, lines);
  const nghttp3_data_reader body{.read_data = SessionCallbacks::read_data};
  must(nghttp3_conn_submit_response(connection_.get(), number_of(stream), sent.data(), sent.size(),
                                    has_body ? &body : nullptr));
}

void Session::submit_interim(Stream& stream, std::span<const Field> lines) {
  if (broken_) return;
  const auto sent = SessionCallbacks::lines_of(stream, lines);
  must(nghttp3_conn_submit_info(connection_.get(), number_of(stream), sent.data(), sent.size()));
}

void Session::resume(Stream& stream) {
  if (!broken_) must(nghttp3_conn_resume_stream(connection_.get(), number_of(stream)));
}

void Session::open_window(Stream& stream, std::size_t count) { release(number_of(stream), count); }

void Session::open_connection_window(std::size_t count) { transport_.release_connection(count); }

bool Session::window_shut(const Stream& stream) const { return transport_.window_shut(number_of(stream)); }

void Session::forget(Stream& stream) {
  if (RequestStream* found = find(number_of(stream))) found->exchange = nullptr;
}

// --- Ends

bool Session::close(quic::StreamId id, std::optional<quic::ApplicationError> code) {
  if (broken_) return true;
  if (RequestStream* stream = find(id)) held_ -= stream->body.held();
  closing_ = true;
  const int result = nghttp3_conn_close_stream(connection_.get(), id, code.value_or(NGHTTP3_H3_NO_ERROR));
  closing_ = false;
  feed_the_starved();
  if (is_request(id)) nghttp3_conn_set_max_client_streams_bidi(connection_.get(), ++streams_allowed_);
  return result == 0 || result == NGHTTP3_ERR_STREAM_NOT_FOUND;
}

void Session::announce_shutdown() {
  if (!broken_) must(nghttp3_conn_submit_shutdown_notice(connection_.get()));
}

bool Session::announcement_seen() const { return control_flushed() && control_acknowledged_ == control_taken_; }

void Session::shut_down() {
  if (!broken_) must(nghttp3_conn_shutdown(connection_.get()));
}

bool Session::control_flushed() const {
  return broken_ || nghttp3_conn_is_stream_flushed(connection_.get(), control_) != 0;
}

bool Session::is_datagram(base::ByteView bytes) {
  constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 60) - 1;
  if (bytes.empty()) return false;
  const auto* octets = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (nghttp3_get_uvarintlen(octets) > bytes.size()) return false;
  std::uint64_t number = 0;
  nghttp3_get_uvarint(&number, octets);
  return number <= kNumberMax;
}

}  // namespace gate::http::h3
