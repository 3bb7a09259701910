#include <algorithm>

#include "http/h2/frame_writer.h"
#include "http/h2/session.h"

// What a client sends, frame by frame. Errors of the connection go through fail(), errors of a stream through
// break_stream() (RFC 9113 5.4).
namespace gate::http::h2 {
namespace {

// CVE-2020-11080: settings in one SETTINGS frame.
constexpr std::uint32_t kSettingsEntriesMax = 32;
constexpr std::uint32_t kSettingsEntryBytes = 6;

constexpr std::uint32_t kReservedBit = 0x8000'0000u;

// The lengths that RFC 9113 6 and RFC 9218 7.1 demand.
bool is_good_length(const FrameHeader& frame) {
  switch (frame.type) {
    case FrameType::kPriority: return frame.length == 5;
    case FrameType::kResetStream:
    case FrameType::kWindowUpdate: return frame.length == 4;
    case FrameType::kSettings:
      return frame.length % kSettingsEntryBytes == 0 && (!frame.has(kFlagAck) || frame.length == 0);
    case FrameType::kPing: return frame.length == 8;
    case FrameType::kGoaway: return frame.length >= 8;
    case FrameType::kPriorityUpdate: return frame.length >= 4;
    default: return true;
  }
}

bool belongs_to_connection(FrameType type) {
  return type == FrameType::kSettings || type == FrameType::kPing || type == FrameType::kGoaway ||
         type == FrameType::kPriorityUpdate;
}

bool belongs_to_stream(FrameType type) {
  return type == FrameType::kData || type == FrameType::kHeaders || type == FrameType::kPriority ||
         type == FrameType::kResetStream || type == FrameType::kContinuation;
}

}  // namespace

void Session::feed(base::ByteView bytes) {
  while (!bytes.empty() && !broken_) {
    if (frames_.in_preface()) {
      read_preface(bytes);
      continue;
    }
    const auto piece = frames_.take(bytes);
    if (piece.begun) begin_frame(*piece.begun);
    if (!broken_ && (piece.ended || !piece.payload.empty())) read_frame(piece);
  }
}

void Session::read_preface(base::ByteView& bytes) {
  const auto expected = frames_.preface_rest();
  const auto piece = frames_.take(bytes);
  if (!expected.starts_with(base::as_text(piece.bytes))) fail(Code::kProtocolError);
}

// RFC 9113 5.1: a stream nobody has opened. Even ones are the server's, who opens none.
bool Session::is_idle(std::uint32_t id) const { return id % 2 == 0 || id > last_stream_id_; }

// What can be said of a frame by its header.
void Session::begin_frame(const FrameHeader& header) {
  frame_ = header;
  const bool continues = header.type == FrameType::kContinuation;
  if (header.length > kPayloadBytesMax || !is_good_length(header)) return fail(Code::kFrameSizeError);
  // RFC 9113 6.10: "any number of CONTINUATION frames can be sent, as long as the preceding frame is on the same stream
  // and is a HEADERS, PUSH_PROMISE, or CONTINUATION frame without the END_HEADERS flag set"; and nothing between.
  if (section_.open != continues) return fail(Code::kProtocolError);
  if (continues && header.stream_id != section_.stream_id) return fail(Code::kProtocolError);
  // RFC 9113 3.4: the preface "MUST be followed by a SETTINGS frame".
  const bool greets = header.type == FrameType::kSettings && !header.has(kFlagAck);
  if (!greeted_ && !greets) return fail(Code::kProtocolError);
  if (belongs_to_connection(header.type) && header.stream_id != 0) return fail(Code::kProtocolError);
  if (belongs_to_stream(header.type) && header.stream_id == 0) return fail(Code::kProtocolError);
  if (!events_.frame_begun(header, find(header.stream_id) != nullptr)) {
    broken_ = true;
    return;
  }
  if (header.type == FrameType::kData) begin_data();
}

// DATA is passed on as it comes; of other frames the payload is needed whole.
void Session::read_frame(const FrameFollower::Piece& piece) {
  if (frame_.type == FrameType::kData) return take_data(piece.payload, piece.ended);
  if (partial_.empty() && piece.ended) return take_frame(piece.payload);
  partial_.append(piece.payload);
  if (!piece.ended) return;
  take_frame(partial_.view());
  partial_.release();
}

void Session::take_frame(base::ByteView payload) {
  switch (frame_.type) {
    case FrameType::kHeaders: return take_headers(payload);
    case FrameType::kContinuation: return take_section(payload, frame_.has(kFlagEndHeaders));
    case FrameType::kResetStream: return take_reset();
    case FrameType::kSettings: return take_settings(payload);
    case FrameType::kPing: return take_ping(payload);
    case FrameType::kGoaway: goaway_received_ = true; return;
    case FrameType::kWindowUpdate: return take_window_update(payload);
    case FrameType::kPriorityUpdate: return take_priority_update(payload);
    default: return;  // RFC 9113 5.5: what is unknown is ignored; RFC 9218 2.1: so is PRIORITY
  }
}

// --- DATA

void Session::begin_data() {
  const std::uint32_t id = frame_.stream_id;
  const bool padded = frame_.has(kFlagPadded);
  if (is_idle(id) || (padded && frame_.length == 0)) return fail(Code::kProtocolError);
  StreamState* state = find(id);
  if (state && state->request_ended) return fail(Code::kStreamClosed);
  if (!receive_window_.take(frame_.length)) return fail(Code::kFlowControlError);
  if (state && !state->receive_window.take(frame_.length)) break_stream(*state, Code::kFlowControlError);
  data_ = {.content = frame_.length, .content_left = frame_.length, .padding_unknown = padded};
}

void Session::take_data(base::ByteView piece, bool ended) {
  if (data_.padding_unknown && !piece.empty()) {
    const auto padding = std::to_integer<std::uint32_t>(piece.front());
    if (padding >= frame_.length) return fail(Code::kProtocolError);
    data_ = {.content = frame_.length - 1 - padding, .content_left = frame_.length - 1 - padding};
    give_back_padding(1);
    piece = piece.subspan(1);
  }
  const auto content = piece.first(std::min<std::size_t>(piece.size(), data_.content_left));
  data_.content_left -= static_cast<std::uint32_t>(content.size());
  if (!content.empty()) take_content(content);
  if (const std::size_t padding = piece.size() - content.size()) give_back_padding(padding);
  if (ended) end_data();
}

void Session::take_content(base::ByteView content) {
  StreamState* state = find(frame_.stream_id);
  // RFC 9113 8.1.1: a request is malformed "if the value of a Content-Length header field does not equal the sum of the
  // DATA frame payload lengths".
  const bool too_much = state && state->content_left && content.size() > *state->content_left;
  if (too_much) break_stream(*state, Code::kProtocolError);
  if (!state || too_much) return open_connection_window(content.size());
  if (state->content_left) *state->content_left -= content.size();
  events_.data_received(state->stream, content);
}

void Session::give_back_padding(std::size_t count) {
  if (const StreamState* state = find(frame_.stream_id)) {
    open_window(state->stream, count);
  } else {
    open_connection_window(count);
  }
}

void Session::end_data() {
  StreamState* state = find(frame_.stream_id);
  if (frame_.has(kFlagEndStream)) {
    if (state) end_request(*state);
  } else if (data_.content == 0 && frame_.length > 0) {
    events_.hollow_data_received();
  }
}

// --- field sections

void Session::take_headers(base::ByteView payload) {
  base::ByteReader reader(payload);
  const auto padding = frame_.has(kFlagPadded) ? reader.u8() : std::uint8_t{0};
  if (!padding) return fail(Code::kFrameSizeError);
  if (frame_.has(kFlagPriority)) {
    const auto parent = reader.u32();
    if (!parent || !reader.u8()) return fail(Code::kFrameSizeError);
    // RFC 7540 5.3.1: "A stream cannot depend on itself."
    if ((*parent & ~kReservedBit) == frame_.stream_id) return fail(Code::kProtocolError);
  }
  if (*padding > reader.size()) return fail(Code::kProtocolError);
  begin_section();
  if (!broken_) take_section(reader.rest().first(reader.size() - *padding), frame_.has(kFlagEndHeaders));
}

void Session::begin_section() {
  const std::uint32_t id = frame_.stream_id;
  if (id % 2 == 0) return fail(Code::kProtocolError);
  section_ = {.stream_id = id, .open = true, .ends_stream = frame_.has(kFlagEndStream)};
  decoder_.begin();
  if (id <= last_stream_id_) return begin_trailers();
  last_stream_id_ = id;
  if (id > ignored_above_) return;
  if (streams_.size() >= limits_.streams_max) return refuse_stream();
  open_stream();
}

// RFC 9113 8.1: trailers end the stream; 8.5: a tunnel has none. Behind the end of a stream the section is read for
// what it does to the decoder alone.
void Session::begin_trailers() {
  StreamState* state = find(section_.stream_id);
  if (!state) return;
  if (state->request_ended) return fail(Code::kStreamClosed);
  if (!section_.ends_stream || state->stream.wants_tunnel()) return break_stream(*state, Code::kProtocolError);
  section_.state = state;
  section_.trailers = true;
  section_.lines = multiplex::RequestLines(true);
}

// RFC 9113 5.1.2: "An endpoint that receives a HEADERS frame that causes its advertised concurrent stream limit to be
// exceeded MUST treat this as a stream error of type PROTOCOL_ERROR or REFUSED_STREAM." A client that has said that it
// knows the limit is not to be spoken with any longer.
void Session::refuse_stream() {
  if (settings_acknowledged_) return fail(Code::kProtocolError);
  send_reset(section_.stream_id, Code::kRefusedStream);
  events_.stream_refused(section_.stream_id);
}

void Session::take_section(base::ByteView fragment, bool last) {
  if (section_rest_.empty()) {
    base::ByteReader reader(fragment);
    decode(reader);
    section_rest_.append(reader.rest());
  } else {
    section_rest_.append(fragment);
    base::ByteReader reader(section_rest_.view());
    decode(reader);
    section_rest_.consume(section_rest_.size() - reader.size());
  }
  if (broken_ || !last) return;
  // RFC 9113 4.3: "A decoding error in a field block MUST be treated as a connection error [...] of type
  // COMPRESSION_ERROR."
  if (!section_rest_.empty()) return fail(Code::kCompressionError);
  section_rest_.release();
  end_section();
}

// Takes the representations that are complete.
void Session::decode(base::ByteReader& input) {
  hpack::TableLine line;
  while (!input.empty() && !broken_) {
    switch (decoder_.next(input, line)) {
      case hpack::Decoder::Step::kLine: take_line(line); break;
      case hpack::Decoder::Step::kNothing: break;
      case hpack::Decoder::Step::kIncomplete: return;
      case hpack::Decoder::Step::kMalformed: return fail(Code::kCompressionError);
      case hpack::Decoder::Step::kTooLong: return fail(Code::kEnhanceYourCalm);
    }
  }
}

void Session::take_line(const hpack::TableLine& line) {
  StreamState* state = section_.state;
  if (!state) return;
  const Field& field = line.field;
  if (!line.good || !section_.lines.take(field) || !events_.field_received(state->stream, field)) {
    return break_stream(*state, Code::kProtocolError);
  }
  const bool says_order = field.id == FieldId::kPriority && !section_.trailers && !section_.order_known;
  if (says_order) state->priority = multiplex::parse_priority(field.value);
}

void Session::end_section() {
  section_.open = false;
  StreamState* state = section_.state;
  if (!state) return;
  section_.state = nullptr;
  if (!section_.lines.complete()) return break_stream(*state, Code::kProtocolError);
  if (section_.trailers) return end_request(*state);
  state->content_left = section_.lines.content_length();
  if (section_.ends_stream && state->content_left.value_or(0) > 0) return break_stream(*state, Code::kProtocolError);
  state->request_ended = section_.ends_stream;
  events_.head_received(state->stream, section_.ends_stream);
}

// --- what is said of streams

void Session::take_reset() {
  if (is_idle(frame_.stream_id)) return fail(Code::kProtocolError);
  StreamState* state = find(frame_.stream_id);
  if (!state) return;
  events_.reset_received(state->stream);
  close(*state);
}

void Session::take_window_update(base::ByteView payload) {
  const std::uint32_t id = frame_.stream_id;
  const std::uint32_t more = base::ByteReader(payload).u32().value_or(0) & ~kReservedBit;
  if (more == 0 || (id != 0 && is_idle(id))) return fail(Code::kProtocolError);
  if (id == 0) {
    send_window_ += more;
    if (send_window_ > kWindowMax) fail(Code::kFlowControlError);
    return;
  }
  StreamState* state = find(id);
  if (!state) return;
  state->send_window += more;
  if (state->send_window > kWindowMax) return break_stream(*state, Code::kFlowControlError);
  schedule(*state);
}

void Session::take_priority_update(base::ByteView payload) {
  base::ByteReader reader(payload);
  const std::uint32_t id = reader.u32().value_or(0) & ~kReservedBit;
  if (id % 2 == 0) return fail(Code::kProtocolError);
  const multiplex::Priority priority = multiplex::parse_priority(base::as_text(reader.rest()));
  if (StreamState* state = find(id)) {
    order_.reprioritize(*state, priority);
  } else if (is_idle(id)) {
    early_priorities_.note(id, priority);
  }
}

// --- what is said of the connection

void Session::take_settings(base::ByteView payload) {
  if (frame_.has(kFlagAck)) {
    if (settings_acknowledged_) return fail(Code::kProtocolError);
    settings_acknowledged_ = true;
    return events_.settings_acknowledged();
  }
  greeted_ = true;
  if (frame_.length > kSettingsEntriesMax * kSettingsEntryBytes) return fail(Code::kEnhanceYourCalm);
  base::ByteReader reader(payload);
  while (!reader.empty()) {
    const Setting id{reader.u16().value_or(0)};
    if (const Code code = apply(id, reader.u32().value_or(0)); code != Code::kNoError) return fail(code);
  }
  append_settings_acknowledgement(sink());
}

// RFC 9113 6.5.2. Yields what is wrong with the value.
Code Session::apply(Setting id, std::uint32_t value) {
  switch (id) {
    case Setting::kHeaderTableSize: encoder_.limit_table(value); return Code::kNoError;
    case Setting::kEnablePush:
    case Setting::kEnableConnectProtocol:
    case Setting::kNoRfc7540Priorities: return value <= 1 ? Code::kNoError : Code::kProtocolError;
    case Setting::kInitialWindowSize:
      return value <= kWindowMax && resize_send_windows(value) ? Code::kNoError : Code::kFlowControlError;
    case Setting::kMaxFrameSize: {
      constexpr std::uint32_t kLargest = (1u << 24) - 1;
      return value >= kPayloadBytesMax && value <= kLargest ? Code::kNoError : Code::kProtocolError;
    }
    default: return Code::kNoError;
  }
}

// RFC 9113 6.9.2. False when a window becomes larger than windows may be.
bool Session::resize_send_windows(std::uint32_t size) {
  const std::int64_t change = size - first_send_window_;
  first_send_window_ = size;
  bool good = true;
  streams_.for_each([&](StreamState& state) {
    state.send_window += change;
    good = good && state.send_window <= kWindowMax;
    if (state.send_window <= 0) SendOrder::remove(state);
    schedule(state);
  });
  return good;
}

void Session::take_ping(base::ByteView payload) {
  if (frame_.has(kFlagAck)) return events_.ping_acknowledged();
  append_ping(base::ByteReader(payload).u64().value_or(0), true, sink());
}

}  // namespace gate::http::h2
