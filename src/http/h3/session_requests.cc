#include <algorithm>
#include <array>
#include <utility>

#include "http/h3/session.h"

// What comes on request streams. Errors of the connection go through fail(), errors of a stream to
// SessionEvents::request_broken.
namespace gate::http::h3 {
namespace {

using hpack::Step;
using Phase = RequestStream::Phase;

// RFC 9114 7.2 and 7.2.8: frames of other streams, and of HTTP/2.
bool is_out_of_place(FrameType type) {
  constexpr std::array kTypes{FrameType::kHttp2Priority,         FrameType::kCancelPush,        FrameType::kSettings,
                              FrameType::kPushPromise,           FrameType::kHttp2Ping,         FrameType::kGoaway,
                              FrameType::kHttp2WindowUpdate,     FrameType::kHttp2Continuation, FrameType::kMaxPushId,
                              FrameType::kPriorityUpdateRequest, FrameType::kPriorityUpdatePush};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

// Whether somebody still wants to know what comes.
bool is_read(const RequestStream& stream) { return stream.phase != Phase::kShut && stream.exchange; }

}  // namespace

// Bytes of a stream that nobody reads any more.
void Session::ignore(base::ByteView bytes) {
  if (!bytes.empty()) transport_.release_connection(bytes.size());
}

void Session::read_request(RequestStream& stream, base::ByteView bytes, bool last) {
  base::ByteReader input(bytes);
  while (!input.empty() && !broken_ && is_read(stream) && !stream.waits) {
    if (stream.frame.left() > 0) {
      read_payload(stream, input, last);
      continue;
    }
    const std::size_t before = input.size();
    const bool complete = stream.frame.take_header(input);
    read_.framing += before - input.size();
    if (complete) begin_frame(stream);
  }
  if (broken_) return;
  if (!is_read(stream)) return ignore(input.rest());
  if (stream.waits) {
    stream.unread.append(input.rest());
    stream.ends_unread = stream.ends_unread || last;
  } else if (last) {
    end_request(stream);
  }
}

void Session::begin_frame(RequestStream& stream) {
  const FrameType type = stream.frame.type();
  if (type == FrameType::kHeaders) {
    // RFC 9114 4.4: on a stream that is a tunnel, other frames than DATA "MUST be treated as a connection error of type
    // H3_FRAME_UNEXPECTED".
    const bool tunnel = stream.phase == Phase::kBody && stream.exchange->wants_tunnel();
    if (stream.phase == Phase::kTrailers || tunnel) return fail(Code::kFrameUnexpected);
    begin_section(stream, stream.phase == Phase::kBody);
    if (stream.frame.left() == 0) events_.request_broken(stream, Code::kMessageError);
  } else if (type == FrameType::kData) {
    if (stream.phase != Phase::kBody) fail(Code::kFrameUnexpected);
  } else if (is_out_of_place(type)) {
    fail(Code::kFrameUnexpected);
  } else {
    ++read_.unknown_frames;  // RFC 9114 9: ignored
  }
}

void Session::begin_section(RequestStream& stream, bool trailers) {
  read_.field_section = true;
  stream.prefix.reset();
  stream.lines = multiplex::RequestLines(trailers);
  if (trailers) stream.phase = Phase::kTrailers;
}

void Session::read_payload(RequestStream& stream, base::ByteReader& input, bool last) {
  const auto part = stream.frame.take_payload(input);
  at_end_ = last && input.empty();
  switch (stream.frame.type()) {
    case FrameType::kData: return take_content(stream, part);
    case FrameType::kHeaders: return take_section(stream, part);
    default: read_.framing += part.size(); return;
  }
}

// RFC 9114 4.1.2: a request is malformed that contains "a Content-Length header field whose value does not equal the
// sum of the DATA frame lengths received".
void Session::take_content(RequestStream& stream, base::ByteView content) {
  read_.data += content.size();
  if (stream.content_left) {
    if (content.size() > *stream.content_left) {
      ignore(content);
      return events_.request_broken(stream, Code::kMessageError);
    }
    *stream.content_left -= content.size();
  }
  events_.data_received(stream, content);
}

// --- field sections

// What is not used up of a fragment is kept, and its credit with it.
void Session::take_section(RequestStream& stream, base::ByteView fragment) {
  read_.field_section = true;
  const std::size_t before = stream.section_rest.size() + fragment.size();
  const bool in_place = stream.section_rest.empty();
  if (!in_place) stream.section_rest.append(fragment);
  base::ByteReader input(in_place ? fragment : stream.section_rest.view());
  decode(stream, input);
  if (!is_read(stream)) {  // it was broken, and what was kept of it is gone
    if (in_place) read_.framing += fragment.size();
    return;
  }
  const std::size_t left = input.size();
  if (in_place) {
    stream.section_rest.append(input.rest());
  } else {
    stream.section_rest.consume(before - left);
  }
  read_.framing += before - left;
  if (broken_ || stream.waits || stream.frame.left() > 0) return;
  if (left > 0 || !stream.prefix) return fail(Code::kQpackDecompressionFailed);
  end_section(stream);
}

// False when the section cannot be read now, or never.
bool Session::take_prefix(RequestStream& stream, base::ByteReader& input) {
  qpack::SectionPrefix prefix;
  const Step step = decoder_.prefix(input, prefix);
  if (step == Step::kIncomplete) return false;
  if (step != Step::kNothing) {
    fail(Code::kQpackDecompressionFailed);
    return false;
  }
  stream.prefix = prefix;
  if (prefix.required <= decoder_.inserted()) return true;
  // RFC 9204 2.1.2: "If a decoder encounters more blocked streams than it promised to support, it MUST treat this as a
  // connection error of type QPACK_DECOMPRESSION_FAILED."
  if (waiting_ == kWaitingStreamsMax) {
    fail(Code::kQpackDecompressionFailed);
    return false;
  }
  ++waiting_;
  stream.waits = true;
  return false;
}

// Takes the representations that are complete.
void Session::decode(RequestStream& stream, base::ByteReader& input) {
  if (!stream.prefix && !take_prefix(stream, input)) return;
  qpack::TableLine line;
  while (!input.empty() && !broken_ && is_read(stream)) {
    switch (decoder_.next(input, *stream.prefix, line)) {
      case Step::kLine: take_line(stream, line); break;
      case Step::kIncomplete: return;
      case Step::kTooLong: return fail(Code::kExcessiveLoad);
      default: return fail(Code::kQpackDecompressionFailed);
    }
  }
}

void Session::take_line(RequestStream& stream, const qpack::TableLine& line) {
  const Field& field = line.field;
  if (!line.good || !stream.lines.take(field)) return events_.request_broken(stream, Code::kMessageError);
  if (!events_.field_received(stream, field)) return fail(Code::kExcessiveLoad);
  const bool says_order = field.id == FieldId::kPriority && stream.phase == Phase::kHead && !stream.order_known;
  if (says_order) stream.priority = multiplex::parse_priority(field.value);
}

void Session::end_section(RequestStream& stream) {
  decoder_.release();
  if (const std::uint64_t required = stream.prefix->required; required > 0) {
    // RFC 9204 4.4.1: Section Acknowledgment. It says too that so many insertions were received.
    say_to_encoder(0x80, 7, static_cast<std::uint64_t>(stream.id));
    told_ = std::max(told_, required);
  }
  stream.prefix.reset();
  stream.section_rest.release();
  if (!stream.lines.complete()) return events_.request_broken(stream, Code::kMessageError);
  if (stream.phase == Phase::kHead) end_head(stream);
}

void Session::end_head(RequestStream& stream) {
  stream.phase = Phase::kBody;
  stream.content_left = stream.lines.content_length();
  if (at_end_ && stream.content_left.value_or(0) > 0) return events_.request_broken(stream, Code::kMessageError);
  events_.head_received(stream, at_end_);
}

void Session::end_request(RequestStream& stream) {
  if (!stream.frame.between_frames()) return fail(Code::kFrameError);
  // RFC 9114 8.1, H3_REQUEST_INCOMPLETE: "The client's stream terminated without containing a fully formed request."
  if (stream.phase == Phase::kHead) return events_.request_broken(stream, Code::kRequestIncomplete);
  if (stream.content_left.value_or(0) > 0) return events_.request_broken(stream, Code::kMessageError);
  events_.request_ended(stream);
}

// --- sections that wait

// The lines that the section needs are there.
void Session::go_on(RequestStream& stream) {
  --waiting_;
  stream.waits = false;
  read_ = {};
  at_end_ = stream.ends_unread && stream.unread.empty();
  take_section(stream, {});
  if (!broken_ && !stream.waits && (!stream.unread.empty() || stream.ends_unread)) {
    const base::Buffer unread = std::move(stream.unread);
    read_request(stream, unread.view(), stream.ends_unread);
  }
  release(stream.id, read_.framing);
}

void Session::stop_waiting(RequestStream& stream) {
  if (std::exchange(stream.waits, false)) --waiting_;
  // RFC 9204 4.4.2: what was said for the section is not needed any more.
  if (stream.prefix && stream.prefix->required > 0) say_to_encoder(0x40, 6, static_cast<std::uint64_t>(stream.id));
  stream.prefix.reset();
  const std::size_t kept = stream.section_rest.size() + stream.unread.size();
  stream.section_rest.release();
  stream.unread.release();
  if (kept > 0) transport_.release_connection(kept);
}

void Session::shut_reading(quic::StreamId id) {
  RequestStream* stream = find(id);
  if (!stream || stream->phase == Phase::kShut) return;
  stream->phase = Phase::kShut;
  stop_waiting(*stream);
}

}  // namespace gate::http::h3
