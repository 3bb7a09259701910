#include <algorithm>
#include <utility>

#include "http/h2/frame_writer.h"
#include "http/h2/session.h"

namespace gate::http::h2 {
namespace {

// What an idle connection keeps for the acknowledgements of its next turn.
constexpr std::size_t kKeptWaitingBytes = 256;

}  // namespace

// --- where frames go

base::Buffer& Session::sink() {
  if (out_) return *out_;
  ++waiting_frames_;
  return waiting_;
}

void Session::open_output(base::Buffer& out) {
  out_ = &out;
  flush_waiting();
}

void Session::flush_waiting() {
  if (waiting_frames_ == 0) return;
  out_->append(waiting_.view());
  waiting_.clear();
  if (waiting_.capacity() > kKeptWaitingBytes) waiting_.release();
  waiting_frames_ = 0;
}

void Session::append_lines(std::uint32_t id, std::span<const Field> lines, bool ends_stream) {
  base::Buffer& out = sink();
  const auto room = out.prepare(kFrameHeaderBytes + hpack::Encoder::bound(lines));
  const std::size_t size = encoder_.encode(lines, room.subspan(kFrameHeaderBytes));
  append_section(id, ends_stream, room, size, out);
}

// --- heads

void Session::submit_head(Stream& stream, std::span<const Field> lines, bool has_body) {
  StreamState* state = find(stream);
  if (!state) return;
  append_lines(state->id, lines, !has_body);
  if (has_body) {
    state->has_data = true;
    schedule(*state);
  } else {
    end_response(*state);
  }
}

void Session::submit_interim(Stream& stream, std::span<const Field> lines) {
  if (const StreamState* state = find(stream)) append_lines(state->id, lines, false);
}

// --- DATA

void Session::resume(Stream& stream) {
  StreamState* state = find(stream);
  if (!state) return;
  state->has_data = true;
  schedule(*state);
}

void Session::schedule(StreamState& state) {
  if (state.has_data && state.send_window > 0) order_.add(state);
}

bool Session::produce(std::size_t size_limit) {
  while (out_->size() < size_limit) {
    StreamState* next = send_window_ > 0 && !terminated_ ? order_.first() : nullptr;
    if (!next) return true;
    send_data(*next);
  }
  return false;
}

// Body bytes are pulled straight to where they are sent from: behind the place of their frame's header. Frames that are
// made meanwhile (windows open as a body reads another) wait for that.
Pulled Session::pull(StreamState& state, std::span<std::byte> into) {
  base::Buffer* out = std::exchange(out_, nullptr);
  const Pulled pulled = events_.pull_data(state.stream, into);
  out_ = out;
  return pulled;
}

void Session::send_data(StreamState& state) {
  const std::int64_t window = std::min(send_window_, state.send_window);
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(window, kPayloadBytesMax));
  const auto room = out_->prepare(kFrameHeaderBytes + size);
  const Pulled pulled = pull(state, room.subspan(kFrameHeaderBytes, size));
  const BodyRead read = pulled.read;
  const bool ended = read.state == BodyRead::State::kEnd;
  const bool has_trailers = !pulled.trailers.empty();
  if (read.count > 0 || (ended && !has_trailers)) {
    const std::uint8_t flags = ended && !has_trailers ? kFlagEndStream : std::uint8_t{0};
    write_header({static_cast<std::uint32_t>(read.count), FrameType::kData, flags, state.id}, room);
    out_->commit(kFrameHeaderBytes + read.count);
    send_window_ -= static_cast<std::int64_t>(read.count);
    state.send_window -= static_cast<std::int64_t>(read.count);
  }
  flush_waiting();
  if (read.state == BodyRead::State::kWait) {
    state.has_data = false;
    return SendOrder::remove(state);
  }
  if (read.state == BodyRead::State::kFailed) {
    // RFC 8441 5: "RST exceptions are represented with the RST_STREAM frame [...] with the CANCEL error code".
    return break_stream(state, state.stream.is_tunnel() ? Code::kCancel : Code::kInternalError);
  }
  if (ended) {
    if (has_trailers) append_lines(state.id, pulled.trailers, true);
    return end_response(state);
  }
  if (state.send_window <= 0) return SendOrder::remove(state);
  order_.give_way(state);
}

// RFC 9113 8.1: "A server can send a complete response prior to the client sending an entire request [...] a server MAY
// request that the client abort transmission of a request without error by sending a RST_STREAM with an error code of
// NO_ERROR".
void Session::end_response(StreamState& state) {
  state.has_data = false;
  SendOrder::remove(state);
  events_.response_sent(state.stream);
  if (state.request_ended) return close(state);
  if (!state.stream.is_tunnel()) break_stream(state, Code::kNoError);
}

// --- windows of ours

void Session::open_window(Stream& stream, std::size_t count) {
  open_connection_window(count);
  StreamState* state = find(stream);
  if (!state || state->request_ended) return;
  const std::uint32_t more = state->receive_window.give_back(static_cast<std::uint32_t>(count));
  if (more > 0) append_window_update(state->id, more, sink());
}

void Session::open_connection_window(std::size_t count) {
  const std::uint32_t more = receive_window_.give_back(static_cast<std::uint32_t>(count));
  if (more > 0) append_window_update(0, more, sink());
}

bool Session::window_shut(const Stream& stream) const {
  const StreamState* state = find(stream);
  return !state || state->send_window <= 0;
}

}  // namespace gate::http::h2
