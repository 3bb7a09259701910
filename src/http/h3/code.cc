#include "http/h3/code.h"

namespace gate::http::h3 {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kDatagramError: return "malformed HTTP datagram";
    case Code::kNoError: return "no error";
    case Code::kGeneralProtocolError: return "general protocol error";
    case Code::kInternalError: return "internal error";
    case Code::kStreamCreationError: return "a stream that may not be opened";
    case Code::kClosedCriticalStream: return "critical stream closed";
    case Code::kFrameUnexpected: return "unexpected frame";
    case Code::kFrameError: return "malformed frame";
    case Code::kExcessiveLoad: return "excessive load";
    case Code::kIdError: return "identifier out of range";
    case Code::kSettingsError: return "malformed settings";
    case Code::kMissingSettings: return "settings missing";
    case Code::kRequestRejected: return "request rejected";
    case Code::kRequestCancelled: return "request cancelled";
    case Code::kRequestIncomplete: return "incomplete request";
    case Code::kMessageError: return "malformed message";
    case Code::kConnectError: return "connect error";
    case Code::kVersionFallback: return "another version wanted";
    case Code::kQpackDecompressionFailed: return "field section cannot be decompressed";
    case Code::kQpackEncoderStreamError: return "malformed QPACK encoder stream";
    case Code::kQpackDecoderStreamError: return "malformed QPACK decoder stream";
  }
  return "unknown error code";
}

}  // namespace gate::http::h3
