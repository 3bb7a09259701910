#pragma once

#include <cstdint>
#include <string_view>

namespace gate::http::h3 {

// RFC 9114 8.1, RFC 9204 6, RFC 9297 5.2: why a stream or a connection is ended.
enum class Code : std::uint64_t {
  kDatagramError = 0x33,
  kNoError = 0x100,
  kGeneralProtocolError = 0x101,
  kInternalError = 0x102,
  kStreamCreationError = 0x103,
  kClosedCriticalStream = 0x104,
  kFrameUnexpected = 0x105,
  kFrameError = 0x106,
  kExcessiveLoad = 0x107,
  kIdError = 0x108,
  kSettingsError = 0x109,
  kMissingSettings = 0x10a,
  kRequestRejected = 0x10b,
  kRequestCancelled = 0x10c,
  kRequestIncomplete = 0x10d,
  kMessageError = 0x10e,
  kConnectError = 0x10f,
  kVersionFallback = 0x110,
  kQpackDecompressionFailed = 0x200,
  kQpackEncoderStreamError = 0x201,
  kQpackDecoderStreamError = 0x202,
};

// "frame unexpected"; static text.
std::string_view to_string(Code code);

}  // namespace gate::http::h3
