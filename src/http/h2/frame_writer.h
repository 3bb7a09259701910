#pragma once

#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "base/bytes.h"
#include "http/h2/frame.h"

// Frames as they go on the wire (RFC 9113 6), appended to what is to be sent.
namespace gate::http::h2 {

// To the front of `out`, of kFrameHeaderBytes at the least.
void write_header(const FrameHeader& header, std::span<std::byte> out);

struct SettingsEntry {
  Setting id;
  std::uint32_t value;
};
void append_settings(std::span<const SettingsEntry> entries, base::Buffer& out);
void append_settings_acknowledgement(base::Buffer& out);
void append_ping(std::uint64_t content, bool acknowledgement, base::Buffer& out);
void append_window_update(std::uint32_t stream_id, std::uint32_t increment, base::Buffer& out);
void append_reset(std::uint32_t stream_id, Code code, base::Buffer& out);
void append_goaway(std::uint32_t last_stream_id, Code code, base::Buffer& out);

// A field section that stands behind kFrameHeaderBytes of `room`, which out.prepare() gave: a HEADERS frame, and
// CONTINUATION frames where one is not enough.
void append_section(std::uint32_t stream_id, bool ends_stream, std::span<std::byte> room, std::size_t section_bytes,
                    base::Buffer& out);

}  // namespace gate::http::h2
