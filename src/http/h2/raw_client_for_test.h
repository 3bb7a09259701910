#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "http/h2/frame.h"

namespace gate::http::h2::testing {

using Lines = std::vector<std::pair<std::string, std::string>>;

// A frame the server sent; `lines` for HEADERS with their CONTINUATIONs.
struct Received {
  FrameHeader header;
  std::string payload;
  Lines lines;

  bool ends_stream() const { return header.has(kFlagEndStream); }
  std::uint32_t u32(std::size_t at = 0) const {
    return base::ByteReader(base::as_bytes(payload).subspan(at)).u32().value();
  }
  std::string_view line(std::string_view name) const {
    for (const auto& [key, value] : lines) {
      if (key == name) return value;
    }
    return {};
  }
};

// Builds frames, good and bad, byte by byte, and takes the server's apart.
class RawClient {
 public:
  RawClient() {
    nghttp2_hd_deflater* deflater = nullptr;
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_deflate_new(&deflater, 4096);
    nghttp2_hd_inflate_new(&inflater);
    deflater_.reset(deflater);
    inflater_.reset(inflater);
  }

  static std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    return text;
  }

  static std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
    return frame(static_cast<std::uint8_t>(type), flags, stream, payload);
  }
  static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) + std::string(payload);
  }

  static std::string setting(std::uint16_t id, std::uint32_t value) { return number(id, 2) + number(value, 4); }
  static std::string settings(std::string_view entries = {}) { return frame(FrameType::kSettings, 0, 0, entries); }
  static std::string settings_ack() { return frame(FrameType::kSettings, kFlagAck, 0); }
  static std::string ping() { return frame(FrameType::kPing, 0, 0, "12345678"); }
  static std::string data(std::uint32_t stream, std::string_view bytes, bool end = false) {
    return frame(FrameType::kData, end ? kFlagEndStream : 0, stream, bytes);
  }
  static std::string reset(std::uint32_t stream, Code code = Code::kCancel) {
    return frame(FrameType::kResetStream, 0, stream, number(static_cast<std::uint32_t>(code), 4));
  }
  static std::string window_update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::kWindowUpdate, 0, stream, number(increment, 4));
  }

  // The beginning of every connection: preface, SETTINGS and the acknowledgement of the server's.
  static std::string greeting(std::string_view entries = {}) {
    return std::string(kClientPreface) + settings(entries) + settings_ack();
  }

  // Without the dynamic table, so that blocks may be built in another order than they are sent.
  std::string block(const Lines& lines) {
    std::vector<nghttp2_nv> vectors;
    for (const auto& [name, value] : lines) {
      vectors.push_back({octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_INDEX});
    }
    std::string bytes(nghttp2_hd_deflate_bound(deflater_.get(), vectors.data(), vectors.size()), '\0');
    const auto size =
        nghttp2_hd_deflate_hd(deflater_.get(), octets(bytes), bytes.size(), vectors.data(), vectors.size());
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }

  // A whole field section, in as many frames as it needs.
  std::string headers(std::uint32_t stream, const Lines& lines, bool end = true) {
    constexpr std::size_t kFrameBytesMax = 16'384;
    const std::string whole = block(lines);
    std::string_view rest = whole;
    std::string frames;
    auto type = FrameType::kHeaders;
    do {
      const auto part = rest.substr(0, kFrameBytesMax);
      rest.remove_prefix(part.size());
      const bool ends_stream = end && type == FrameType::kHeaders;
      const int flags = (rest.empty() ? kFlagEndHeaders : 0) | (ends_stream ? kFlagEndStream : 0);
      frames += frame(type, static_cast<std::uint8_t>(flags), stream, part);
      type = FrameType::kContinuation;
    } while (!rest.empty());
    return frames;
  }

  static Lines request_lines(std::string_view method = "GET", std::string_view path = "/", const Lines& more = {}) {
    Lines lines{{":method", std::string(method)},
                {":scheme", "https"},
                {":authority", "example.com"},
                {":path", std::string(path)}};
    lines.insert(lines.end(), more.begin(), more.end());
    return lines;
  }
  std::string get(std::uint32_t stream, std::string_view path = "/", const Lines& more = {}) {
    return headers(stream, request_lines("GET", path, more));
  }
  std::string post(std::uint32_t stream, const Lines& more = {}) {
    return headers(stream, request_lines("POST", "/", more), false);
  }

  // Takes apart what the server sent; a part of a frame is kept for the next call.
  std::vector<Received> parse(std::string_view bytes) {
    rest_ += bytes;
    std::vector<Received> frames;
    while (rest_.size() >= kFrameHeaderBytes) {
      base::ByteReader reader(base::as_bytes(rest_));
      Received frame;
      frame.header.length = reader.u24().value();
      frame.header.type = FrameType{reader.u8().value()};
      frame.header.flags = reader.u8().value();
      frame.header.stream_id = reader.u32().value();
      if (reader.size() < frame.header.length) break;
      frame.payload = rest_.substr(kFrameHeaderBytes, frame.header.length);
      rest_.erase(0, kFrameHeaderBytes + frame.header.length);
      const bool continues = frame.header.type == FrameType::kContinuation;
      if (continues || frame.header.type == FrameType::kHeaders) {
        Received& head = continues ? frames.back() : frame;
        inflate(frame.payload, frame.header.has(kFlagEndHeaders), head.lines);
        if (continues) continue;
      }
      frames.push_back(std::move(frame));
    }
    return frames;
  }

 private:
  static std::uint8_t* octets(const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  }

  void inflate(const std::string& payload, bool last, Lines& lines) {
    const std::uint8_t* at = octets(payload);
    std::size_t left = payload.size();
    for (;;) {
      nghttp2_nv line{};
      int flags = 0;
      const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &line, &flags, at, left, last ? 1 : 0);
      if (taken < 0) {
        lines.emplace_back("error", "not HPACK");
        return;
      }
      at += taken;
      left -= static_cast<std::size_t>(taken);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        lines.emplace_back(std::string(reinterpret_cast<char*>(line.name), line.namelen),
                           std::string(reinterpret_cast<char*>(line.value), line.valuelen));
      }
      if (flags & NGHTTP2_HD_INFLATE_FINAL) {
        nghttp2_hd_inflate_end_headers(inflater_.get());
        return;
      }
      if (left == 0 && !(flags & NGHTTP2_HD_INFLATE_EMIT)) return;
    }
  }

  struct Delete {
    void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_deflater, Delete> deflater_;
  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
  std::string rest_;
};

}  // namespace gate::http::h2::testing
