#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "http/h3/varint.h"

namespace gate::http::h3 {

// RFC 9114 7.2, RFC 9218 7.2; and those of HTTP/2 that have no place here (RFC 9114 7.2.8).
enum class FrameType : std::uint64_t {
  kData = 0x00,
  kHeaders = 0x01,
  kHttp2Priority = 0x02,
  kCancelPush = 0x03,
  kSettings = 0x04,
  kPushPromise = 0x05,
  kHttp2Ping = 0x06,
  kGoaway = 0x07,
  kHttp2WindowUpdate = 0x08,
  kHttp2Continuation = 0x09,
  kMaxPushId = 0x0d,
  kPriorityUpdateRequest = 0xf0700,
  kPriorityUpdatePush = 0xf0701,
};

// RFC 9114 6.2, RFC 9204 4.2.
enum class StreamType : std::uint64_t {
  kControl = 0x00,
  kPush = 0x01,
  kEncoder = 0x02,
  kDecoder = 0x03,
};

// RFC 9114 7.2.4.1, RFC 9204 5, RFC 9220 3, RFC 9297 2.1.1; and those of HTTP/2 that have no place here.
enum class Setting : std::uint64_t {
  kQpackMaxTableCapacity = 0x01,
  kHttp2EnablePush = 0x02,
  kHttp2MaxConcurrentStreams = 0x03,
  kHttp2InitialWindowSize = 0x04,
  kHttp2MaxFrameSize = 0x05,
  kMaxFieldSectionSize = 0x06,
  kQpackBlockedStreams = 0x07,
  kEnableConnectProtocol = 0x08,
  kDatagram = 0x33,
};

inline constexpr std::size_t kFrameHeaderBytesMax = 2 * kVarintBytesMax;

// Follows the frames of a stream (RFC 9114 7.1), however its bytes are cut.
class FrameReader {
 public:
  // Takes bytes of a frame's header off the front of `input`; true when it is complete.
  bool take_header(base::ByteReader& input) {
    const std::size_t room = kept_.size() - kept_size_;
    const auto ahead = input.rest().first(std::min(room, input.size()));
    base::copy_bytes(std::span(kept_).subspan(kept_size_), ahead);
    base::ByteReader header(base::ByteView(kept_).first(kept_size_ + ahead.size()));
    const std::size_t all = header.size();
    const auto type = read_varint(header);
    const auto length = type ? read_varint(header) : std::nullopt;
    if (!length) {
      kept_size_ = static_cast<std::uint8_t>(all);
      static_cast<void>(input.bytes(ahead.size()));
      return false;
    }
    static_cast<void>(input.bytes(all - header.size() - kept_size_));
    kept_size_ = 0;
    type_ = FrameType{*type};
    left_ = *length;
    return true;
  }

  // Takes what there is of the frame's payload.
  base::ByteView take_payload(base::ByteReader& input) {
    const auto part = input.bytes(std::min<std::uint64_t>(left_, input.size())).value_or(base::ByteView{});
    left_ -= part.size();
    return part;
  }

  FrameType type() const { return type_; }
  std::uint64_t left() const { return left_; }

  // Nothing of a frame was begun that is not complete.
  bool between_frames() const { return left_ == 0 && kept_size_ == 0; }

 private:
  std::array<std::byte, kFrameHeaderBytesMax> kept_;
  std::uint8_t kept_size_ = 0;
  FrameType type_{};
  std::uint64_t left_ = 0;
};

}  // namespace gate::http::h3
