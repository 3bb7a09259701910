#include "http/h2/frame_writer.h"

#include <algorithm>
#include <array>
#include <vector>

namespace gate::http::h2 {
namespace {

// Big-endian numbers, one behind the other.
class Octets {
 public:
  explicit Octets(std::span<std::byte> out) : out_(out) {}

  Octets& number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i > 0; --i) out_[at_++] = static_cast<std::byte>(value >> (8 * (i - 1)));
    return *this;
  }

 private:
  std::span<std::byte> out_;
  std::size_t at_ = 0;
};

// Appends the frame's header; yields where its payload goes.
std::span<std::byte> begin(const FrameHeader& header, base::Buffer& out) {
  const auto room = out.prepare(kFrameHeaderBytes + header.length);
  write_header(header, room);
  out.commit(kFrameHeaderBytes + header.length);
  return room.subspan(kFrameHeaderBytes, header.length);
}

}  // namespace

void write_header(const FrameHeader& header, std::span<std::byte> out) {
  Octets(out)
      .number(header.length, 3)
      .number(static_cast<std::uint8_t>(header.type), 1)
      .number(header.flags, 1)
      .number(header.stream_id, 4);
}

void append_settings(std::span<const SettingsEntry> entries, base::Buffer& out) {
  constexpr std::uint32_t kEntryBytes = 6;
  const auto size = static_cast<std::uint32_t>(entries.size()) * kEntryBytes;
  Octets payload(begin({.length = size, .type = FrameType::kSettings}, out));
  for (const auto& entry : entries) payload.number(static_cast<std::uint16_t>(entry.id), 2).number(entry.value, 4);
}

void append_settings_acknowledgement(base::Buffer& out) {
  begin({.length = 0, .type = FrameType::kSettings, .flags = kFlagAck}, out);
}

void append_ping(std::uint64_t content, bool acknowledgement, base::Buffer& out) {
  const std::uint8_t flags = acknowledgement ? kFlagAck : std::uint8_t{0};
  Octets(begin({.length = 8, .type = FrameType::kPing, .flags = flags}, out)).number(content, 8);
}

void append_window_update(std::uint32_t stream_id, std::uint32_t increment, base::Buffer& out) {
  Octets(begin({.length = 4, .type = FrameType::kWindowUpdate, .stream_id = stream_id}, out)).number(increment, 4);
}

void append_reset(std::uint32_t stream_id, Code code, base::Buffer& out) {
  Octets(begin({.length = 4, .type = FrameType::kResetStream, .stream_id = stream_id}, out))
      .number(static_cast<std::uint32_t>(code), 4);
}

void append_goaway(std::uint32_t last_stream_id, Code code, base::Buffer& out) {
  Octets(begin({.length = 8, .type = FrameType::kGoaway}, out))
      .number(last_stream_id, 4)
      .number(static_cast<std::uint32_t>(code), 4);
}

void append_section(std::uint32_t stream_id, bool ends_stream, std::span<std::byte> room, std::size_t section_bytes,
                    base::Buffer& out) {
  FrameHeader header{
      .type = FrameType::kHeaders, .flags = ends_stream ? kFlagEndStream : std::uint8_t{0}, .stream_id = stream_id};
  if (section_bytes <= kPayloadBytesMax) {
    header.length = static_cast<std::uint32_t>(section_bytes);
    header.flags |= kFlagEndHeaders;
    write_header(header, room);
    return out.commit(kFrameHeaderBytes + section_bytes);
  }
  const auto written = room.subspan(kFrameHeaderBytes, section_bytes);
  const std::vector<std::byte> section(written.begin(), written.end());
  for (base::ByteView rest = section; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kPayloadBytesMax));
    rest = rest.subspan(part.size());
    header.length = static_cast<std::uint32_t>(part.size());
    if (rest.empty()) header.flags |= kFlagEndHeaders;
    base::copy_bytes(begin(header, out), part);
    header.type = FrameType::kContinuation;
    header.flags = 0;
  }
}

}  // namespace gate::http::h2
