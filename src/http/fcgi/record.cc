#include "http/fcgi/record.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"

namespace gate::http::fcgi {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint16_t kRequestId = 1;
constexpr std::uint16_t kResponderRole = 1;
constexpr std::uint8_t kKeepConnection = 1;
constexpr std::size_t kEndRequestBytes = 8;

std::byte low_byte(std::size_t number) { return static_cast<std::byte>(number & 0xff); }

bool is_of_program(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(RecordType::kEndRequest) ||
         type == static_cast<std::uint8_t>(RecordType::kStdout) ||
         type == static_cast<std::uint8_t>(RecordType::kStderr);
}

// Section 3.4: up to 127 in one byte, else in four with the highest bit set.
void append_length(base::Buffer& out, std::size_t length) {
  constexpr std::size_t kShortMax = 0x7f;
  constexpr std::size_t kLongMax = 0x7fff'ffff;
  GATE_CHECK(length <= kLongMax);
  if (length <= kShortMax) return out.append(std::array{low_byte(length)});
  out.append(
      std::array{low_byte(length >> 24 | 0x80), low_byte(length >> 16), low_byte(length >> 8), low_byte(length)});
}

}  // namespace

void write_record_header(std::span<std::byte> at, RecordType type, std::size_t content_bytes) {
  GATE_CHECK(content_bytes <= kContentBytesMax);
  const std::array<std::byte, kRecordHeaderBytes> header{
      std::byte{kVersion},  static_cast<std::byte>(type), low_byte(kRequestId >> 8),
      low_byte(kRequestId), low_byte(content_bytes >> 8), low_byte(content_bytes),
      std::byte{0},   // no padding
      std::byte{0}};  // reserved
  base::copy_bytes(at, header);
}

void append_begin_request(base::Buffer& out, bool keep) {
  const std::array<std::byte, 8> body{low_byte(kResponderRole >> 8), low_byte(kResponderRole),
                                      keep ? std::byte{kKeepConnection} : std::byte{0}};
  append_stream(out, RecordType::kBeginRequest, body);
}

void append_stream(base::Buffer& out, RecordType type, base::ByteView content) {
  while (!content.empty()) {
    const auto part = content.first(std::min(content.size(), kContentBytesMax));
    write_record_header(out.prepare(kRecordHeaderBytes), type, part.size());
    out.commit(kRecordHeaderBytes);
    out.append(part);
    content = content.subspan(part.size());
  }
}

void append_end(base::Buffer& out, RecordType type) {
  write_record_header(out.prepare(kRecordHeaderBytes), type, 0);
  out.commit(kRecordHeaderBytes);
}

void append_parameter(base::Buffer& out, std::string_view name, std::string_view value) {
  append_length(out, name.size());
  append_length(out, value.size());
  out.append(name);
  out.append(value);
}

RecordReader::Piece RecordReader::read(base::ByteView input) {
  std::size_t used = 0;
  if (content_rest_ == 0) {
    used = std::min(padding_rest_, input.size());
    padding_rest_ -= used;
    switch (take_header(input.subspan(used))) {
      case Header::kNeedMore: return {.used = used};
      case Header::kFault: return {.state = State::kFault, .used = used};
      case Header::kTaken: used += kRecordHeaderBytes; break;
    }
    if (content_rest_ == 0) return {.state = State::kContent, .used = used, .type = type_};
  }
  const auto content = input.subspan(used, std::min(content_rest_, input.size() - used));
  if (content.empty()) return {.used = used};
  content_rest_ -= content.size();
  return {.state = State::kContent, .used = used + content.size(), .type = type_, .content = content};
}

RecordReader::Header RecordReader::take_header(base::ByteView input) {
  if (input.size() < kRecordHeaderBytes) return Header::kNeedMore;
  base::ByteReader reader(input);
  const auto version = *reader.u8();
  const auto type = *reader.u8();
  const auto id = *reader.u16();
  const std::size_t content_bytes = *reader.u16();
  const std::size_t padding_bytes = *reader.u8();
  if (version != kVersion || id != kRequestId || !is_of_program(type)) return Header::kFault;
  type_ = static_cast<RecordType>(type);
  if (type_ == RecordType::kEndRequest) {
    if (content_bytes != kEndRequestBytes) return Header::kFault;
    if (input.size() < kRecordHeaderBytes + kEndRequestBytes) return Header::kNeedMore;
  }
  content_rest_ = content_bytes;
  padding_rest_ = padding_bytes;
  return Header::kTaken;
}

ProtocolStatus protocol_status(base::ByteView content) {
  constexpr std::size_t kAt = 4;
  GATE_CHECK(content.size() == kEndRequestBytes);
  return static_cast<ProtocolStatus>(content[kAt]);
}

}  // namespace gate::http::fcgi
