#include "http/h2/session.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "http/h2/frame_writer.h"
#include "http/multiplex/exchanges.h"

// The beginning and the end of a connection and of its streams. Input is in session_input.cc, output in
// session_output.cc.
namespace gate::http::h2 {
namespace {

// What a client may send before the service reads: a stream's share, and all streams together. The latter bounds the
// memory that request bodies of one connection can fill.
constexpr std::uint32_t kStreamWindowBytes = 512 * 1024;
constexpr std::uint32_t kConnectionWindowBytes = 1024 * 1024;

// Content of the PING that asks whether the announced end has arrived: "shutdown".
constexpr std::uint64_t kShutdownPing = 0x7368'7574'646f'776e;

// RFC 9113 6.8: "SHOULD send an initial GOAWAY frame with the last stream identifier set to 2^31-1".
constexpr std::uint32_t kStreamIdMax = 0x7fff'ffff;

}  // namespace

Session::Session(SessionEvents& events, const Limits& limits, std::span<std::byte> scratch)
    : events_(events), limits_(limits), decoder_(scratch), receive_window_(kConnectionWindowBytes) {
  const auto header_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, UINT32_MAX));
  const std::array<SettingsEntry, 5> settings{{
      {Setting::kMaxConcurrentStreams, limits.streams_max},
      {Setting::kInitialWindowSize, kStreamWindowBytes},
      {Setting::kMaxHeaderListSize, header_bytes},
      // RFC 9218 2.1.1: the order of RFC 9218 is in use, and the tree of RFC 7540 with its attacks is not.
      {Setting::kNoRfc7540Priorities, 1},
      {Setting::kEnableConnectProtocol, 1},  // RFC 8441 3
  }};
  append_settings(settings, sink());
  append_window_update(0, kConnectionWindowBytes - kFirstWindow, sink());
}

// --- streams

// The state stands behind its stream.
void Session::open_stream() {
  const std::uint32_t id = section_.stream_id;
  Stream& stream = events_.stream_opened(id);
  const auto room = multiplex::StreamBlocks::rest_of(stream);
  static_assert(sizeof(Stream) % alignof(StreamState) == 0);
  GATE_CHECK(room.size() >= sizeof(StreamState));
  StreamState& state =
      *std::construct_at(reinterpret_cast<StreamState*>(room.data()), stream, first_send_window_, kStreamWindowBytes);
  streams_.add(state);
  last_served_ = id;
  section_.state = &state;
  section_.order_known = early_priorities_.find(id, state.priority);
}

void Session::drop(StreamState& state) {
  if (section_.state == &state) section_.state = nullptr;
  streams_.remove(state);
  std::destroy_at(&state);
}

void Session::close(StreamState& state) {
  Stream& stream = state.stream;
  drop(state);
  events_.stream_closed(stream);
}

void Session::break_stream(StreamState& state, Code code) {
  send_reset(state.id, code);
  close(state);
}

// RFC 9113 8.1.1: the content has to have the length that was declared.
void Session::end_request(StreamState& state) {
  if (state.content_left.value_or(0) > 0) return break_stream(state, Code::kProtocolError);
  state.request_ended = true;
  events_.request_ended(state.stream);
  if (state.stream.response_ended()) close(state);
}

void Session::forget(Stream& stream) {
  if (StreamState* state = find(stream)) drop(*state);
}

// --- ends

void Session::send_reset(std::uint32_t id, Code code) {
  append_reset(id, code, sink());
  events_.reset_sent(code);
}

void Session::announce_shutdown() {
  append_goaway(kStreamIdMax, Code::kNoError, sink());
  append_ping(kShutdownPing, false, sink());
}

std::uint32_t Session::shut_down() {
  append_goaway(last_served_, Code::kNoError, sink());
  shut_down_ = true;
  ignored_above_ = last_served_;
  return last_served_;
}

void Session::terminate(Code code) {
  append_goaway(last_served_, code, sink());
  broken_ = terminated_ = true;
}

bool Session::alive() const {
  if (waiting_frames_ > 0) return true;
  if (terminated_) return false;
  return streams_.size() > 0 || !(shut_down_ || goaway_received_);
}

void Session::fail(Code code) {
  if (broken_) return;
  broken_ = true;
  events_.connection_broken(code);
}

}  // namespace gate::http::h2
