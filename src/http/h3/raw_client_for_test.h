#pragma once

#include <nghttp3/nghttp3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::http::h3::testing {

using Lines = std::vector<std::pair<std::string, std::string>>;

// RFC 9114 7.2, RFC 9218 7.2.
enum class FrameType : std::uint64_t {
  kData = 0x00,
  kHeaders = 0x01,
  kCancelPush = 0x03,
  kSettings = 0x04,
  kPushPromise = 0x05,
  kGoaway = 0x07,
  kMaxPushId = 0x0d,
  kPriorityUpdate = 0xf0700,
};

// RFC 9114 6.2, RFC 9204 4.2.
enum class StreamType : std::uint64_t { kControl = 0x00, kPush = 0x01, kEncoder = 0x02, kDecoder = 0x03 };

// RFC 9000 16.
inline std::string varint(std::uint64_t value) {
  const int log = value < 1 << 6 ? 0 : value < 1 << 14 ? 1 : value < 1 << 30 ? 2 : 3;
  std::string text;
  for (int byte = (1 << log) - 1; byte >= 0; --byte) text.push_back(static_cast<char>(value >> (8 * byte) & 0xff));
  text[0] = static_cast<char>(static_cast<unsigned char>(text[0]) | log << 6);
  return text;
}

inline std::string frame(std::uint64_t type, std::string_view payload = {}) {
  return varint(type) + varint(payload.size()) + std::string(payload);
}
inline std::string frame(FrameType type, std::string_view payload = {}) {
  return frame(static_cast<std::uint64_t>(type), payload);
}
inline std::string stream_type(StreamType type) { return varint(static_cast<std::uint64_t>(type)); }
inline std::string setting(std::uint64_t id, std::uint64_t value) { return varint(id) + varint(value); }
inline std::string settings(std::string_view entries = {}) { return frame(FrameType::kSettings, entries); }
inline std::string data_frame(std::string_view bytes) { return frame(FrameType::kData, bytes); }

// RFC 7541 5.1, with the bits before the prefix.
inline std::string prefixed(unsigned bits, unsigned prefix, std::uint64_t value) {
  const std::uint64_t most = (1U << prefix) - 1;
  if (value < most) return std::string(1, static_cast<char>(bits | value));
  std::string text(1, static_cast<char>(bits | most));
  for (value -= most; value >= 128; value /= 128) text.push_back(static_cast<char>(value % 128 | 128));
  text.push_back(static_cast<char>(value));
  return text;
}

// RFC 9204 4.5: a field section of literals, good or bad, that needs no table.
inline std::string section(const Lines& lines) {
  std::string text("\0\0", 2);
  for (const auto& [name, value] : lines) {
    text += prefixed(0x20, 3, name.size()) + name + prefixed(0x00, 7, value.size()) + value;
  }
  return text;
}
inline std::string headers(const Lines& lines) { return frame(FrameType::kHeaders, section(lines)); }

inline Lines request_lines(std::string_view method = "GET", std::string_view path = "/", const Lines& more = {}) {
  Lines lines{{":method", std::string(method)},
              {":scheme", "https"},
              {":authority", "example.com"},
              {":path", std::string(path)}};
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}
inline std::string get(std::string_view path = "/", const Lines& more = {}) {
  return headers(request_lines("GET", path, more));
}
inline std::string post(const Lines& more = {}) { return headers(request_lines("POST", "/", more)); }

// A frame the server sent; `lines` for HEADERS.
struct Received {
  std::uint64_t type = 0;
  std::string payload;
  Lines lines;

  bool is(FrameType wanted) const { return type == static_cast<std::uint64_t>(wanted); }
  std::string_view line(std::string_view name) const {
    for (const auto& [key, value] : lines) {
      if (key == name) return value;
    }
    return {};
  }
};

// Takes numbers off the front of `bytes`; nothing when it is too short.
inline std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto* octets = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t size = nghttp3_get_uvarintlen(octets);
  if (size > bytes.size()) return std::nullopt;
  std::uint64_t value = 0;
  nghttp3_get_uvarint(&value, octets);
  bytes.remove_prefix(size);
  return value;
}

// The lines of a field section that uses no dynamic table.
inline Lines decode(std::string_view section) {
  struct Delete {
    void operator()(nghttp3_qpack_decoder* decoder) const { nghttp3_qpack_decoder_del(decoder); }
    void operator()(nghttp3_qpack_stream_context* context) const { nghttp3_qpack_stream_context_del(context); }
  };
  nghttp3_qpack_decoder* decoder = nullptr;
  nghttp3_qpack_stream_context* context = nullptr;
  nghttp3_qpack_decoder_new(&decoder, 0, 0, nghttp3_mem_default());
  nghttp3_qpack_stream_context_new(&context, 0, nghttp3_mem_default());
  const std::unique_ptr<nghttp3_qpack_decoder, Delete> decoder_owner(decoder);
  const std::unique_ptr<nghttp3_qpack_stream_context, Delete> context_owner(context);
  Lines lines;
  const auto text_of = [](nghttp3_rcbuf* buffer) {
    const auto bytes = nghttp3_rcbuf_get_buf(buffer);
    std::string text(reinterpret_cast<const char*>(bytes.base), bytes.len);
    nghttp3_rcbuf_decref(buffer);
    return text;
  };
  for (;;) {
    nghttp3_qpack_nv line{};
    std::uint8_t flags = 0;
    const auto taken = nghttp3_qpack_decoder_read_request(
        decoder, context, &line, &flags, reinterpret_cast<const std::uint8_t*>(section.data()), section.size(), 1);
    if (taken < 0) return {{"error", "not QPACK"}};
    section.remove_prefix(static_cast<std::size_t>(taken));
    if (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) {
      std::string name = text_of(line.name);
      lines.emplace_back(std::move(name), text_of(line.value));
    }
    if (flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL) return lines;
  }
}

// The whole frames in what a stream has carried.
inline std::vector<Received> parse(std::string_view bytes) {
  std::vector<Received> frames;
  for (;;) {
    const auto type = take_varint(bytes);
    const auto length = type ? take_varint(bytes) : std::nullopt;
    if (!length || *length > bytes.size()) return frames;
    Received frame{*type, std::string(bytes.substr(0, *length)), {}};
    bytes.remove_prefix(*length);
    if (frame.is(FrameType::kHeaders)) frame.lines = decode(frame.payload);
    frames.push_back(std::move(frame));
  }
}

}  // namespace gate::http::h3::testing
