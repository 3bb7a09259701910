#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace gate::http::h2 {

// RFC 9113 6 and RFC 9218 7.1.
enum class FrameType : std::uint8_t {
  kData = 0x00,
  kHeaders = 0x01,
  kPriority = 0x02,
  kResetStream = 0x03,
  kSettings = 0x04,
  kPushPromise = 0x05,
  kPing = 0x06,
  kGoaway = 0x07,
  kWindowUpdate = 0x08,
  kContinuation = 0x09,
  kPriorityUpdate = 0x10,
};

// RFC 9113 6.2 and others; what a bit means depends on the frame.
inline constexpr std::uint8_t kFlagEndStream = 0x01;
inline constexpr std::uint8_t kFlagAck = 0x01;
inline constexpr std::uint8_t kFlagEndHeaders = 0x04;
inline constexpr std::uint8_t kFlagPadded = 0x08;
inline constexpr std::uint8_t kFlagPriority = 0x20;

inline constexpr std::size_t kFrameHeaderBytes = 9;

// RFC 9113 4.2: what everybody takes. We never ask for more, nor use it where a peer would.
inline constexpr std::size_t kPayloadBytesMax = 16'384;

// RFC 9113 6.9.1 and 6.9.2.
inline constexpr std::int64_t kWindowMax = 0x7fff'ffff;
inline constexpr std::uint32_t kFirstWindow = 65'535;

// RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1.
enum class Setting : std::uint16_t {
  kHeaderTableSize = 0x1,
  kEnablePush = 0x2,
  kMaxConcurrentStreams = 0x3,
  kInitialWindowSize = 0x4,
  kMaxFrameSize = 0x5,
  kMaxHeaderListSize = 0x6,
  kEnableConnectProtocol = 0x8,
  kNoRfc7540Priorities = 0x9,
};
inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 4.1.
struct FrameHeader {
  std::uint32_t length = 0;
  FrameType type{};
  std::uint8_t flags = 0;
  std::uint32_t stream_id = 0;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// RFC 9113 7.
enum class Code : std::uint32_t {
  kNoError = 0x00,
  kProtocolError = 0x01,
  kInternalError = 0x02,
  kFlowControlError = 0x03,
  kSettingsTimeout = 0x04,
  kStreamClosed = 0x05,
  kFrameSizeError = 0x06,
  kRefusedStream = 0x07,
  kCancel = 0x08,
  kCompressionError = 0x09,
  kConnectError = 0x0a,
  kEnhanceYourCalm = 0x0b,
  kInadequateSecurity = 0x0c,
  kHttp11Required = 0x0d,
};

// "flow control error"; static text.
std::string_view to_string(Code code);

// Follows the frames of a connection's input without looking into them: where one begins, and whether a head is under
// way. Guards so see what is ignored without a word, which is where floods hide.
class FrameFollower {
 public:
  // `preface_bytes` come before the first frame: a client's preface, or nothing from a server.
  explicit FrameFollower(std::size_t preface_bytes = kClientPreface.size()) : preface_left_(preface_bytes) {}

  // A piece of input that touches one frame only. `begun` is set when the frame's header became complete in it.
  struct Piece {
    base::ByteView bytes;
    std::optional<FrameHeader> begun;
    base::ByteView payload;  // what of `bytes` is behind the frame's header
    bool ended = false;      // the frame is complete
  };

  // Takes the next piece off the front of `input`, which is not empty.
  Piece take(base::ByteView& input);

  bool in_preface() const { return preface_left_ > 0; }
  // What is to come of a client's preface.
  std::string_view preface_rest() const { return kClientPreface.substr(kClientPreface.size() - preface_left_); }

  // Between the first byte of a HEADERS frame and the last of the frame that ends its field section.
  bool in_head() const { return head_open_ || (in_head_payload_ && payload_left_ > 0); }

 private:
  void begin(const FrameHeader& header);

  std::size_t preface_left_;
  std::array<std::byte, kFrameHeaderBytes> header_;
  std::size_t header_size_ = 0;
  std::size_t payload_left_ = 0;
  bool head_open_ = false;
  bool in_head_payload_ = false;
};

}  // namespace gate::http::h2
