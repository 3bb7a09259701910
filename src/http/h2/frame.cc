#include "http/h2/frame.h"

#include <algorithm>

namespace gate::http::h2 {
namespace {

FrameHeader parse(base::ByteView bytes) {
  base::ByteReader reader(bytes);
  FrameHeader header;
  header.length = reader.u24().value_or(0);
  header.type = FrameType{reader.u8().value_or(0)};
  header.flags = reader.u8().value_or(0);
  header.stream_id = reader.u32().value_or(0) & 0x7fff'ffffu;  // RFC 9113 4.1: the reserved bit is ignored
  return header;
}

}  // namespace

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kNoError: return "no error";
    case Code::kProtocolError: return "protocol error";
    case Code::kInternalError: return "internal error";
    case Code::kFlowControlError: return "flow control error";
    case Code::kSettingsTimeout: return "settings timeout";
    case Code::kStreamClosed: return "frame on a closed stream";
    case Code::kFrameSizeError: return "frame size error";
    case Code::kRefusedStream: return "refused stream";
    case Code::kCancel: return "cancel";
    case Code::kCompressionError: return "compression error";
    case Code::kConnectError: return "connect error";
    case Code::kEnhanceYourCalm: return "enhance your calm";
    case Code::kInadequateSecurity: return "inadequate security";
    case Code::kHttp11Required: return "HTTP/1.1 required";
  }
  return "unknown error code";
}

FrameFollower::Piece FrameFollower::take(base::ByteView& input) {
  Piece piece;
  std::size_t taken = 0;
  if (in_preface()) {
    taken = std::min(preface_left_, input.size());
    preface_left_ -= taken;
  } else {
    if (payload_left_ == 0) {
      const std::size_t missing = std::min(kFrameHeaderBytes - header_size_, input.size());
      base::copy_bytes(std::span(header_).subspan(header_size_), input.first(missing));
      header_size_ += missing;
      taken = missing;
      if (header_size_ == kFrameHeaderBytes) {
        piece.begun = parse(header_);
        begin(*piece.begun);
      }
    }
    const std::size_t payload = std::min(payload_left_, input.size() - taken);
    payload_left_ -= payload;
    piece.payload = input.subspan(taken, payload);
    piece.ended = payload_left_ == 0 && header_size_ == 0;
    taken += payload;
  }
  piece.bytes = input.first(taken);
  input = input.subspan(taken);
  return piece;
}

void FrameFollower::begin(const FrameHeader& header) {
  header_size_ = 0;
  payload_left_ = header.length;
  in_head_payload_ = header.type == FrameType::kHeaders || header.type == FrameType::kContinuation;
  if (in_head_payload_) head_open_ = !header.has(kFlagEndHeaders);
}

}  // namespace gate::http::h2
