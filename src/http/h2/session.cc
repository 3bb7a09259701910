#include "http/h2/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "http/h2/nghttp2_common.h"
#include "http/h2/session_memory.h"

namespace gate::http::h2 {
namespace {

// What a client may send before the service reads: a stream's share, and all streams together. The latter bounds the
// memory that request bodies of one connection can fill.
constexpr std::uint32_t kStreamWindowBytes = 512 * 1024;
constexpr std::int32_t kConnectionWindowBytes = 1024 * 1024;

// FrameGuard counts resets, by the worker's clock; nghttp2's counter reads the system's and gives no reason.
constexpr std::uint64_t kResetsMax = UINT64_MAX;

std::int32_t number_of(const Stream& stream) { return static_cast<std::int32_t>(stream.id()); }

}  // namespace

// The functions nghttp2 calls; `user_data` is the session.
struct SessionCallbacks {
  static Session& self(void* user_data) { return *static_cast<Session*>(user_data); }

  static int begin_headers(nghttp2_session* raw, const nghttp2_frame* frame, void* user_data) {
    Session& session = self(user_data);
    const std::int32_t id = frame->hd.stream_id;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      session.head_stream_ = &session.events_.stream_opened(static_cast<std::uint32_t>(id));
      must(nghttp2_session_set_stream_user_data(raw, id, session.head_stream_));
    } else {
      session.head_stream_ = session.find(static_cast<std::uint32_t>(id));
    }
    return 0;
  }

  static int header(nghttp2_session* raw, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Session& session = self(user_data);
    if (!session.head_stream_) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const bool good =
        session.events_.field_received(*session.head_stream_, text_of(name, name_size), text_of(value, value_size));
    if (good) return 0;
    must(nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR));
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  // RFC 9113 8.2.1: "A request or response that contains a field that violates any of these conditions MUST be treated
  // as malformed". nghttp2 would drop the field and go on.
  static int invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                            const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Session& session = self(user_data);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS: headers_received(session, *frame); break;
      case NGHTTP2_DATA: data_frame_received(session, *frame); break;
      case NGHTTP2_RST_STREAM:
        if (Stream* stream = session.find(id_of(*frame))) session.events_.reset_received(*stream);
        break;
      case NGHTTP2_SETTINGS:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) session.events_.settings_acknowledged();
        break;
      case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) session.events_.ping_acknowledged();
        break;
      default: break;
    }
    return 0;
  }

  static std::uint32_t id_of(const nghttp2_frame& frame) { return static_cast<std::uint32_t>(frame.hd.stream_id); }

  static void headers_received(Session& session, const nghttp2_frame& frame) {
    Stream* stream = std::exchange(session.head_stream_, nullptr);
    if (!stream) return;
    if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
      session.events_.head_received(*stream, (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    } else {
      session.events_.request_ended(*stream);
    }
  }

  static void data_frame_received(Session& session, const nghttp2_frame& frame) {
    if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) {
      if (Stream* stream = session.find(id_of(frame))) session.events_.request_ended(*stream);
    } else if (frame.hd.length > 0 && frame.data.padlen == frame.hd.length) {
      session.events_.hollow_data_received();
    }
  }

  static int data_chunk(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                        void* user_data) {
    Session& session = self(user_data);
    if (Stream* stream = session.find(static_cast<std::uint32_t>(id))) {
      session.events_.data_received(*stream, std::as_bytes(std::span(data, size)));
    } else {
      must(nghttp2_session_consume(raw, id, size));
    }
    return 0;
  }

  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    if (error == NGHTTP2_ERR_REFUSED_STREAM) self(user_data).events_.stream_refused(id_of(*frame));
    return 0;
  }

  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user_data) {
    Session& session = self(user_data);
    Stream* stream = session.find(static_cast<std::uint32_t>(id));
    if (!stream) return 0;
    if (session.head_stream_ == stream) session.head_stream_ = nullptr;
    session.events_.stream_closed(*stream);
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Session& session = self(user_data);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) break;
        if (Stream* stream = session.find(id_of(*frame))) session.events_.response_sent(*stream);
        break;
      case NGHTTP2_RST_STREAM: session.events_.reset_sent(Code{frame->rst_stream.error_code}); break;
      case NGHTTP2_GOAWAY: session.events_.goaway_sent(Code{frame->goaway.error_code}); break;
      default: break;
    }
    return 0;
  }

  // Pulls body bytes straight to where they are sent from: behind the place of their frame header in the output.
  static ssize_t read_data(nghttp2_session* raw, std::int32_t id, std::uint8_t*, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source*, void* user_data) {
    Session& session = self(user_data);
    Stream* stream = session.find(static_cast<std::uint32_t>(id));
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const auto room = room_for_data(*session.out_, size);
    const Pulled pulled = session.events_.pull_data(*stream, room);
    switch (pulled.read.state) {
      case BodyRead::State::kWait: return NGHTTP2_ERR_DEFERRED;
      case BodyRead::State::kFailed: return cut(raw, *stream);
      case BodyRead::State::kEnd: *flags |= NGHTTP2_DATA_FLAG_EOF; break;
      case BodyRead::State::kData: break;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (!pulled.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers(raw, *stream, pulled.trailers);
    }
    return static_cast<ssize_t>(pulled.read.count);
  }

  // A body that cannot go on. RFC 8441 5: "RST exceptions are represented with the RST_STREAM frame [...] with
  // the CANCEL error code"; of what is no tunnel nghttp2 says INTERNAL_ERROR.
  static ssize_t cut(nghttp2_session* raw, const Stream& stream) {
    if (!stream.is_tunnel()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    must(nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, number_of(stream), NGHTTP2_CANCEL));
    return NGHTTP2_ERR_DEFERRED;
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header, std::size_t size,
                       nghttp2_data_source*, void* user_data) {
    Session& session = self(user_data);
    return append_data_frame(header, size, *session.out_, session.size_limit_);
  }

  // Nothing is copied: the lines live in the exchange, and nghttp2 does not look at them once the stream is closed.
  static std::span<nghttp2_nv> lines_of(Stream& stream, std::span<const Field> fields) {
    const auto lines = stream.exchange.arena().make_array<nghttp2_nv>(fields.size());
    write_lines(fields, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE, lines);
    return lines;
  }

  static void submit_trailers(nghttp2_session* raw, Stream& stream, std::span<const Field> trailers) {
    const auto lines = lines_of(stream, trailers);
    must(nghttp2_submit_trailer(raw, number_of(stream), lines.data(), lines.size()));
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    must(nghttp2_session_callbacks_new(&callbacks));
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalid_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    return callbacks;
  }
};

namespace {

nghttp2_option* make_options() {
  nghttp2_option* options = nullptr;
  must(nghttp2_option_new(&options));
  set_common_options(options);
  nghttp2_option_set_builtin_recv_extension_type(options, NGHTTP2_PRIORITY_UPDATE);
  nghttp2_option_set_stream_reset_rate_limit(options, kResetsMax, kResetsMax);
  return options;
}

nghttp2_session* make_session(Session& session, SessionMemory& memory) {
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> callbacks(
      SessionCallbacks::make(), nghttp2_session_callbacks_del);
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> options(make_options(), nghttp2_option_del);
  nghttp2_session* made = nullptr;
  nghttp2_mem interface = memory.interface();
  must(nghttp2_session_server_new3(&made, callbacks.get(), &session, options.get(), &interface));
  memory.made();
  return made;
}

}  // namespace

void Session::Delete::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

Session::Session(SessionEvents& events, const Limits& limits, std::span<std::byte> scratch)
    : events_(events), memory_(std::make_unique<SessionMemory>(scratch)), session_(make_session(*this, *memory_)) {
  const auto header_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, UINT32_MAX));
  const std::array<nghttp2_settings_entry, 5> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_bytes},
      // RFC 9218 2.1.1: the order of RFC 9218 is in use, and the tree of RFC 7540 with its attacks is not.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},  // RFC 8441 3
  }};
  must(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  must(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes));
}

Session::~Session() = default;

void Session::feed(base::ByteView bytes) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t result = nghttp2_session_mem_recv(session_.get(), octets, bytes.size());
  if (result < 0) terminate(code_of(static_cast<int>(result)));
}

bool Session::produce(base::Buffer& out, std::size_t size_limit) {
  out_ = &out;
  size_limit_ = size_limit;
  append_frames(session_.get(), out, size_limit);
  out_ = nullptr;
  return out.size() < size_limit;
}

Stream* Session::find(std::uint32_t id) const {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_.get(), static_cast<std::int32_t>(id)));
}

void Session::submit_head(Stream& stream, std::span<const Field> lines, bool has_body) {
  const auto sent = SessionCallbacks::lines_of(stream, lines);
  const nghttp2_data_provider body{.source = {.ptr = nullptr}, .read_callback = SessionCallbacks::read_data};
  must(
      nghttp2_submit_response(session_.get(), number_of(stream), sent.data(), sent.size(), has_body ? &body : nullptr));
}

void Session::submit_interim(Stream& stream, std::span<const Field> lines) {
  const auto sent = SessionCallbacks::lines_of(stream, lines);
  must(nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, number_of(stream), nullptr, sent.data(), sent.size(),
                              nullptr));
}

void Session::resume(Stream& stream) {
  const int result = nghttp2_session_resume_data(session_.get(), number_of(stream));
  // The stream may be one that nghttp2 is about to reset.
  GATE_CHECK(result == 0 || result == NGHTTP2_ERR_INVALID_ARGUMENT);
}

void Session::reset(std::uint32_t id, Code code) {
  must(nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id),
                                 static_cast<std::uint32_t>(code)));
}

void Session::forget(Stream& stream) {
  if (head_stream_ == &stream) head_stream_ = nullptr;
  // nghttp2 does not know a tunnel any more that is kept for its reader alone.
  if (!stream.kept) must(nghttp2_session_set_stream_user_data(session_.get(), number_of(stream), nullptr));
}

void Session::open_window(Stream& stream, std::size_t count) {
  must(nghttp2_session_consume(session_.get(), number_of(stream), count));
}

void Session::open_connection_window(std::size_t count) {
  must(nghttp2_session_consume_connection(session_.get(), count));
}

bool Session::window_shut(const Stream& stream) const {
  return nghttp2_session_get_stream_remote_window_size(session_.get(), number_of(stream)) <= 0;
}

bool Session::connection_window_shut() const { return nghttp2_session_get_remote_window_size(session_.get()) <= 0; }

void Session::announce_shutdown() {
  must(nghttp2_submit_shutdown_notice(session_.get()));
  must(nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr));
}

std::uint32_t Session::shut_down() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_.get());
  must(nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0));
  return static_cast<std::uint32_t>(last);
}

void Session::terminate(Code code) {
  must(nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code)));
}

std::size_t Session::queued() const { return nghttp2_session_get_outbound_queue_size(session_.get()); }

bool Session::alive() const { return is_alive(session_.get()); }

}  // namespace gate::http::h2
