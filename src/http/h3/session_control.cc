#include <algorithm>
#include <array>

#include "http/h3/session.h"
#include "http/h3/varint.h"
#include "http/hpack/literals.h"

// What comes on the client's one-way streams: settings, priorities, and what QPACK has to say.
namespace gate::http::h3 {
namespace {

using hpack::Step;

// Frames of the control stream that are longer are not waited for.
constexpr std::uint64_t kControlPayloadMax = 4096;

// An instruction that makes a line of the largest size takes less, however it is coded.
constexpr std::size_t kInstructionBytesMax = 4 * hpack::kTableBytesMax + 64;

// What a client may leave unread of what we say of its table, before it is taken for one that wants us to run full.
constexpr std::size_t kUnreadInstructionsMax = 64 * 1024;

}  // namespace

void Session::read_one_way(quic::StreamId id, base::ByteView bytes, bool last) {
  const bool critical = id == control_in_ || id == encoder_in_ || id == decoder_in_;
  if (!critical) return read_stranger(id, bytes, last);
  if (id == control_in_) {
    base::ByteReader input(bytes);
    read_control(input);
  } else if (id == encoder_in_) {
    read_encoder(bytes);
  } else {
    read_decoder(bytes);
  }
  // RFC 9114 6.2.1, RFC 9204 4.2: they are never closed.
  if (last) fail(Code::kClosedCriticalStream);
}

// A stream of which only its type may have come.
void Session::read_stranger(quic::StreamId id, base::ByteView bytes, bool last) {
  auto found = std::ranges::find(strangers_, id, &Stranger::id);
  if (found == strangers_.end()) found = strangers_.insert(found, Stranger{id});
  if (found->ignored) return;
  found->type.append(bytes);
  base::ByteReader input(found->type.view());
  const auto type = read_varint(input);
  if (!type) return;
  const base::Buffer whole = std::move(found->type);
  if (begin_one_way(id, StreamType{*type})) {
    std::erase_if(strangers_, [id](const Stranger& stranger) { return stranger.id == id; });
    const auto rest = whole.view().last(input.size());
    if (!rest.empty() || last) read_one_way(id, rest, last);
  } else if (!broken_) {
    // RFC 9114 6.2: "the recipient [...] SHOULD abort reading of the stream with an error code of
    // H3_STREAM_CREATION_ERROR".
    found->ignored = true;
    transport_.stop(id, static_cast<quic::ApplicationError>(Code::kStreamCreationError));
  }
}

// False when there is no such stream, or may not be.
bool Session::begin_one_way(quic::StreamId id, StreamType type) {
  quic::StreamId* place = type == StreamType::kControl   ? &control_in_
                          : type == StreamType::kEncoder ? &encoder_in_
                          : type == StreamType::kDecoder ? &decoder_in_
                                                         : nullptr;
  if (!place) {
    if (type == StreamType::kPush) fail(Code::kStreamCreationError);  // RFC 9114 6.2.2: only servers push
    return false;
  }
  if (*place >= 0) {
    fail(Code::kStreamCreationError);
    return false;
  }
  *place = id;
  return true;
}

// --- the control stream

void Session::read_control(base::ByteReader& input) {
  while (!input.empty() && !broken_) {
    if (control_frame_.left() == 0) {
      if (!control_frame_.take_header(input)) return;
      begin_control_frame();
      if (broken_ || control_frame_.left() > 0) continue;
    }
    const auto part = control_frame_.take_payload(input);
    const bool ended = control_frame_.left() == 0;
    if (ended && control_payload_.empty()) {
      take_control_frame(part);
      continue;
    }
    control_payload_.append(part);
    if (!ended) continue;
    take_control_frame(control_payload_.view());
    control_payload_.release();
  }
}

void Session::begin_control_frame() {
  const FrameType type = control_frame_.type();
  // RFC 9114 6.2.1: "If the first frame of the control stream is any other frame type, this MUST be treated as a
  // connection error of type H3_MISSING_SETTINGS."
  if (!settings_received_ && type != FrameType::kSettings) return fail(Code::kMissingSettings);
  switch (type) {
    case FrameType::kSettings:
      if (settings_received_) return fail(Code::kFrameUnexpected);
      break;
    case FrameType::kGoaway:
    case FrameType::kMaxPushId: break;
    case FrameType::kPriorityUpdateRequest: ++read_.priority_updates; break;
    case FrameType::kPriorityUpdatePush: return fail(Code::kIdError);  // nothing is ever pushed
    case FrameType::kData:
    case FrameType::kHeaders:
    case FrameType::kHttp2Priority:
    case FrameType::kCancelPush:
    case FrameType::kPushPromise:
    case FrameType::kHttp2Ping:
    case FrameType::kHttp2WindowUpdate:
    case FrameType::kHttp2Continuation: return fail(Code::kFrameUnexpected);
    default: ++read_.unknown_frames;
  }
  if (control_frame_.left() > kControlPayloadMax) fail(Code::kExcessiveLoad);
}

void Session::take_control_frame(base::ByteView payload) {
  const base::ByteReader reader(payload);
  switch (control_frame_.type()) {
    case FrameType::kSettings: return take_settings(reader);
    case FrameType::kGoaway: return take_goaway(reader);
    case FrameType::kMaxPushId: return take_max_push_id(reader);
    case FrameType::kPriorityUpdateRequest: return take_priority_update(reader);
    default: return;
  }
}

void Session::take_settings(base::ByteReader payload) {
  settings_received_ = true;
  while (!payload.empty()) {
    const auto id = read_varint(payload);
    const auto value = id ? read_varint(payload) : std::nullopt;
    if (!value) return fail(Code::kFrameError);
    switch (Setting{*id}) {
      case Setting::kQpackMaxTableCapacity: encoder_.allow_table(*value); break;
      case Setting::kHttp2EnablePush:
      case Setting::kHttp2MaxConcurrentStreams:
      case Setting::kHttp2InitialWindowSize:
      case Setting::kHttp2MaxFrameSize: return fail(Code::kSettingsError);
      case Setting::kEnableConnectProtocol:
      case Setting::kDatagram:
        if (*value > 1) return fail(Code::kSettingsError);
        break;
      default: break;
    }
  }
  events_.settings_received();
}

void Session::take_goaway(base::ByteReader payload) {
  const auto id = read_varint(payload);
  if (!id || !payload.empty()) return fail(Code::kFrameError);
  // RFC 9114 5.2: "An endpoint that receives a GOAWAY frame with a larger identifier [...] MUST treat it as a
  // connection error of type H3_ID_ERROR."
  if (goaway_ && *id > *goaway_) return fail(Code::kIdError);
  goaway_ = id;
}

// RFC 9114 7.2.7: it may grow, and has no meaning to a server that pushes nothing.
void Session::take_max_push_id(base::ByteReader payload) {
  const auto id = read_varint(payload);
  if (!id || !payload.empty()) return fail(Code::kFrameError);
  if (max_push_id_ && *id < *max_push_id_) return fail(Code::kIdError);
  max_push_id_ = id;
}

// RFC 9218 7.2.
void Session::take_priority_update(base::ByteReader payload) {
  const auto id = read_varint(payload);
  if (!id) return fail(Code::kFrameError);
  if (*id % 4 != 0 || *id / 4 >= streams_allowed_) return fail(Code::kIdError);
  const auto priority = multiplex::parse_priority(base::as_text(payload.rest()));
  if (RequestStream* stream = streams_.find(*id)) {
    stream->order_known = true;
    order_.reprioritize(*stream, priority);
  } else if (*id >= static_cast<std::uint64_t>(next_request_)) {
    early_priorities_.note(*id, priority);
  }
}

// --- QPACK

void Session::read_encoder(base::ByteView bytes) {
  encoder_rest_.append(bytes);
  base::ByteReader input(encoder_rest_.view());
  Step step = Step::kNothing;
  while (!input.empty() && step == Step::kNothing) step = decoder_.instruct(input);
  if (step == Step::kMalformed || step == Step::kTooLong || input.size() > kInstructionBytesMax) {
    return fail(Code::kQpackEncoderStreamError);
  }
  encoder_rest_.consume(encoder_rest_.size() - input.size());
  if (encoder_rest_.empty()) encoder_rest_.release();
  const Reading reading = read_;
  streams_.for_each([this](RequestStream& stream) {
    if (!broken_ && stream.waits && stream.prefix->required <= decoder_.inserted()) go_on(stream);
  });
  read_ = reading;
  tell_of_insertions();
}

// RFC 9204 4.4.3: Insert Count Increment.
void Session::tell_of_insertions() {
  if (decoder_.inserted() == told_) return;
  say_to_encoder(0x00, 6, decoder_.inserted() - told_);
  told_ = decoder_.inserted();
}

// An instruction to the client's encoder, on the decoder stream.
void Session::say_to_encoder(std::uint8_t pattern, unsigned prefix_bits, std::uint64_t number) {
  if (decoder_out_.bytes.unsent() > kUnreadInstructionsMax) return fail(Code::kExcessiveLoad);
  hpack::LiteralWriter writer(decoder_out_.bytes.room(kVarintBytesMax + 2));
  writer.number({pattern, prefix_bits}, number);
  decoder_out_.bytes.commit(writer.count());
  transport_.wake();
}

void Session::read_decoder(base::ByteView bytes) {
  decoder_rest_.append(bytes);
  base::ByteReader input(decoder_rest_.view());
  Step step = Step::kNothing;
  while (!input.empty() && step == Step::kNothing) step = encoder_.acknowledge(input);
  if (step == Step::kMalformed) return fail(Code::kQpackDecoderStreamError);
  decoder_rest_.consume(decoder_rest_.size() - input.size());
  if (decoder_rest_.empty()) decoder_rest_.release();
}

}  // namespace gate::http::h3
