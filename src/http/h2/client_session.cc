#include "http/h2/client_session.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/h2/nghttp2_common.h"

namespace gate::http::h2 {
namespace {

// What a server may send before the reader takes it. The connection's window opens by itself, so that a reader that is
// slow holds up its own stream only: a connection can fill as much memory as its streams can.
constexpr std::uint32_t kStreamWindowBytes = 256 * 1024;
constexpr std::int32_t kConnectionWindowBytes = 16 * 1024 * 1024;

// The library's own bound is 64 KB, which a request within the configured limits can exceed.
constexpr std::size_t kRequestHeadBytesMax = 16 * 1024 * 1024;

// RFC 9113 6.5.2: "It is recommended that this value be no smaller than 100": what is taken for granted before the
// server's SETTINGS have come.
constexpr std::uint32_t kStreamsBeforeSettings = 100;

// Copied when submitted: the call may be gone before they are sent.
std::vector<nghttp2_nv> lines_of(std::span<const Field> fields) {
  std::vector<nghttp2_nv> lines(fields.size());
  write_lines(fields, NGHTTP2_NV_FLAG_NONE, lines);
  return lines;
}

}  // namespace

// The functions nghttp2 calls; `user_data` is the session.
struct ClientSessionCallbacks {
  static ClientSession& self(void* user_data) { return *static_cast<ClientSession*>(user_data); }

  static CallStream* stream_of(ClientSession& session, std::int32_t id) {
    return session.find(static_cast<std::uint32_t>(id));
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    ClientSession& session = self(user_data);
    if (CallStream* stream = stream_of(session, frame->hd.stream_id)) session.events_.section_begun(*stream);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    ClientSession& session = self(user_data);
    if (CallStream* stream = stream_of(session, frame->hd.stream_id)) {
      session.events_.field_received(*stream, text_of(name, name_size), text_of(value, value_size));
    }
    return 0;
  }

  // RFC 9113 8.2.1: "A request or response that contains a field that violates any of these conditions MUST be treated
  // as malformed". nghttp2 would drop the field and go on.
  static int invalid_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t*, std::size_t,
                            const std::uint8_t*, std::size_t, std::uint8_t, void* user_data) {
    ClientSession& session = self(user_data);
    if (CallStream* stream = stream_of(session, frame->hd.stream_id)) session.events_.malformed(*stream);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
    ClientSession& session = self(user_data);
    if (CallStream* stream = stream_of(session, frame->hd.stream_id)) session.events_.malformed(*stream);
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    ClientSession& session = self(user_data);
    if (frame->hd.type == NGHTTP2_SETTINGS) {
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) session.events_.settings_received();
      return 0;
    }
    CallStream* stream = frame->hd.stream_id > 0 ? stream_of(session, frame->hd.stream_id) : nullptr;
    if (!stream) return 0;
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS: session.events_.section_received(*stream, ended); break;
      case NGHTTP2_DATA:
        if (ended) session.events_.data_ended(*stream);
        break;
      case NGHTTP2_RST_STREAM: stream->reset_by_peer = true; break;
      default: break;
    }
    return 0;
  }

  static int data_chunk(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                        void* user_data) {
    ClientSession& session = self(user_data);
    must(nghttp2_session_consume_connection(raw, size));
    if (CallStream* stream = stream_of(session, id)) {
      session.events_.data_received(*stream, std::as_bytes(std::span(data, size)));
    }
    return 0;
  }

  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user_data) {
    ClientSession& session = self(user_data);
    if (CallStream* stream = stream_of(session, id)) session.events_.stream_closed(*stream, Code{code});
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    ClientSession& session = self(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) session.events_.goaway_sent(Code{frame->goaway.error_code});
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (CallStream* stream = stream_of(session, frame->hd.stream_id)) session.events_.head_sent(*stream);
    }
    const bool of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!of_request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (CallStream* stream = stream_of(session, frame->hd.stream_id)) session.events_.request_sent(*stream);
    return 0;
  }

  // Pulls body bytes straight to where they are sent from: behind the place of their frame header in the output.
  static ssize_t read_data(nghttp2_session* raw, std::int32_t id, std::uint8_t*, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source*, void* user_data) {
    ClientSession& session = self(user_data);
    CallStream* stream = stream_of(session, id);
    if (!stream) return NGHTTP2_ERR_DEFERRED;  // it is being reset
    const auto room = room_for_data(*session.out_, size);
    const BodyRead read = session.events_.pull_data(*stream, room);
    switch (read.state) {
      case BodyRead::State::kWait:
      case BodyRead::State::kFailed: return NGHTTP2_ERR_DEFERRED;
      case BodyRead::State::kEnd: end_body(raw, *stream, *flags); break;
      case BodyRead::State::kData: break;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<ssize_t>(read.count);
  }

  static void end_body(nghttp2_session* raw, const CallStream& stream, std::uint32_t& flags) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    const FieldList* trailers = stream.call.request.body->trailers();
    if (!trailers || trailers->empty()) return;
    const auto lines = lines_of(std::span(trailers->begin(), trailers->size()));
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    must(nghttp2_submit_trailer(raw, stream.id, lines.data(), lines.size()));
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header, std::size_t size,
                       nghttp2_data_source*, void* user_data) {
    ClientSession& session = self(user_data);
    return append_data_frame(header, size, *session.out_, session.size_limit_);
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    must(nghttp2_session_callbacks_new(&callbacks));
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalid_header);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalid_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
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
  nghttp2_option_set_peer_max_concurrent_streams(options, kStreamsBeforeSettings);
  nghttp2_option_set_max_send_header_block_length(options, kRequestHeadBytesMax);
  return options;
}

nghttp2_session* make_session(ClientSession& session) {
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> callbacks(
      ClientSessionCallbacks::make(), nghttp2_session_callbacks_del);
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> options(make_options(), nghttp2_option_del);
  nghttp2_session* made = nullptr;
  must(nghttp2_session_client_new2(&made, callbacks.get(), &session, options.get()));
  return made;
}

}  // namespace

void ClientSession::Delete::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

ClientSession::ClientSession(ClientSessionEvents& events, const Limits& limits)
    : events_(events), session_(make_session(*this)) {
  const auto header_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, UINT32_MAX));
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  must(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  must(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes));
}

ClientSession::~ClientSession() = default;

void ClientSession::feed(base::ByteView bytes) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t result = nghttp2_session_mem_recv(session_.get(), octets, bytes.size());
  if (result < 0) terminate(code_of(static_cast<int>(result)));
}

void ClientSession::produce(base::Buffer& out, std::size_t size_limit) {
  out_ = &out;
  size_limit_ = size_limit;
  append_frames(session_.get(), out, size_limit);
  out_ = nullptr;
}

bool ClientSession::submit(CallStream& stream, std::span<const Field> lines) {
  if (!takes_requests()) return false;
  const auto sent = lines_of(lines);
  const nghttp2_data_provider body{.source = {.ptr = nullptr}, .read_callback = ClientSessionCallbacks::read_data};
  const std::int32_t id = nghttp2_submit_request(session_.get(), nullptr, sent.data(), sent.size(),
                                                 stream.call.request.body ? &body : nullptr, &stream);
  GATE_CHECK(id > 0);
  stream.id = id;
  return true;
}

CallStream* ClientSession::find(std::uint32_t id) const {
  return static_cast<CallStream*>(nghttp2_session_get_stream_user_data(session_.get(), static_cast<std::int32_t>(id)));
}

void ClientSession::resume(const CallStream& stream) {
  const int result = nghttp2_session_resume_data(session_.get(), stream.id);
  // The stream may be one that has not been opened yet, or that nghttp2 is about to reset.
  GATE_CHECK(result == 0 || result == NGHTTP2_ERR_INVALID_ARGUMENT);
}

void ClientSession::reset(const CallStream& stream, Code code) {
  must(nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, static_cast<std::uint32_t>(code)));
}

void ClientSession::forget(const CallStream& stream) {
  const int result = nghttp2_session_set_stream_user_data(session_.get(), stream.id, nullptr);
  // nghttp2 may have forgotten it first.
  GATE_CHECK(result == 0 || result == NGHTTP2_ERR_INVALID_ARGUMENT);
}

void ClientSession::open_window(const CallStream& stream, std::size_t count) {
  must(nghttp2_session_consume_stream(session_.get(), stream.id, count));
}

bool ClientSession::takes_requests() const { return nghttp2_session_check_request_allowed(session_.get()) != 0; }

std::uint32_t ClientSession::streams_max() const {
  return nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool ClientSession::window_shut(const CallStream& stream) const {
  return nghttp2_session_get_remote_window_size(session_.get()) <= 0 ||
         nghttp2_session_get_stream_remote_window_size(session_.get(), stream.id) == 0;
}

void ClientSession::terminate(Code code) {
  must(nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code)));
}

std::size_t ClientSession::queued() const { return nghttp2_session_get_outbound_queue_size(session_.get()); }

bool ClientSession::alive() const { return is_alive(session_.get()); }

}  // namespace gate::http::h2
