#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/check.h"
#include "http/fields.h"
#include "http/h2/frame.h"

// What the covers of nghttp2 for the two sides, Session and ClientSession, have in common. For their .cc files alone:
// nobody else sees the library.
namespace gate::http::h2 {

// Settings in one SETTINGS frame (CVE-2020-11080), and acknowledgements that wait for the peer to read (CVE-2019-9512,
// CVE-2019-9515).
inline constexpr std::size_t kSettingsEntriesMax = 32;
inline constexpr std::size_t kAcknowledgementsMax = 1000;

// The guards count CONTINUATION frames; nghttp2 counts a frame again for each piece its header arrives in.
inline constexpr std::size_t kContinuationsMax = 4096;

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::uint8_t* octets_of(std::string_view text) {
  // nghttp2 reads names and values only, but its structure is not const.
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

// A function of nghttp2 that fails only for want of memory or for a bug of ours.
inline void must(int result) { GATE_CHECK(result == 0); }

// Puts a line for nghttp2 into `lines` for each of `fields`; `flags` say what of them it copies.
inline void write_lines(std::span<const Field> fields, std::uint8_t flags, std::span<nghttp2_nv> lines) {
  std::ranges::transform(fields, lines.begin(), [flags](const Field& field) {
    return nghttp2_nv{octets_of(field.name), octets_of(field.value), field.name.size(), field.value.size(), flags};
  });
}

// What the peer is told when received bytes cannot be worked on.
inline Code code_of(int nghttp2_error) {
  switch (nghttp2_error) {
    case NGHTTP2_ERR_FLOODED:
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: return Code::kEnhanceYourCalm;
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC: return Code::kProtocolError;
    default: return Code::kInternalError;
  }
}

inline void set_common_options(nghttp2_option* options) {
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_max_settings(options, kSettingsEntriesMax);
  nghttp2_option_set_max_outbound_ack(options, kAcknowledgementsMax);
  nghttp2_option_set_max_continuations(options, kContinuationsMax);
}

// Appends frames to `out` until there are no more, or it holds `size_limit` bytes.
inline void append_frames(nghttp2_session* session, base::Buffer& out, std::size_t size_limit) {
  while (out.size() < size_limit) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session, &frame);
    GATE_CHECK(size >= 0);
    // Zero also stands for the pause that append_data_frame makes at the limit.
    if (size == 0) break;
    out.append(std::as_bytes(std::span(frame, static_cast<std::size_t>(size))));
  }
}

// Where the `size` bytes of a DATA frame are put before its header is known: behind the header's place in `out`.
inline std::span<std::byte> room_for_data(base::Buffer& out, std::size_t size) {
  return out.prepare(kFrameHeaderBytes + size).subspan(kFrameHeaderBytes, size);
}

// Completes the frame whose bytes stand there. What nghttp2's send_data callback returns.
inline int append_data_frame(const std::uint8_t* header, std::size_t size, base::Buffer& out, std::size_t size_limit) {
  base::copy_bytes(out.prepare(kFrameHeaderBytes + size), std::as_bytes(std::span(header, kFrameHeaderBytes)));
  out.commit(kFrameHeaderBytes + size);
  return out.size() >= size_limit ? NGHTTP2_ERR_PAUSE : 0;
}

inline bool is_alive(nghttp2_session* session) {
  return nghttp2_session_want_read(session) != 0 || nghttp2_session_want_write(session) != 0;
}

}  // namespace gate::http::h2
