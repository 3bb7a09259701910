#include "http/h1/body_writer.h"

#include <algorithm>

#include "base/check.h"
#include "http/h1/head_text.h"
#include "http/response_rules.h"

namespace gate::http::h1 {
namespace {

void write_last_chunk(const FieldList* trailers, base::Buffer& out) {
  Appender end(out, 5 + (trailers ? written_bytes(*trailers) : 0));
  end.put("0\r\n");
  if (trailers) {
    for (const Field& field : *trailers) {
      if (is_sendable_trailer(field)) end.put_line(written_name(field), field.value);
    }
  }
  end.put(kLineEnd);
}

}  // namespace

void BodyWriter::begin(BodyCoding coding, std::uint64_t length) {
  coding_ = coding;
  length_rest_ = length;
  written_ = 0;
}

BodyRead::State BodyWriter::write(BodySource& body, base::Buffer& out, std::size_t limit) {
  if (coding_ == BodyCoding::kLength && length_rest_ == 0) return BodyRead::State::kEnd;
  auto state = BodyRead::State::kData;
  while (state == BodyRead::State::kData && out.size() < limit) {
    const std::size_t room = limit - out.size();
    state = coding_ == BodyCoding::kChunked ? write_chunk(body, out, room) : write_plain(body, out, room);
  }
  return state;
}

BodyRead::State BodyWriter::write_plain(BodySource& body, base::Buffer& out, std::size_t room) {
  const bool counted = coding_ == BodyCoding::kLength;
  if (counted) room = std::min<std::uint64_t>(room, length_rest_);
  const BodyRead read = body.read(out.prepare(room).first(room));
  GATE_CHECK(read.count <= room);
  out.commit(read.count);
  written_ += read.count;
  if (!counted) return read.state;
  length_rest_ -= read.count;
  if (length_rest_ == 0) return BodyRead::State::kEnd;
  // A body shorter than it said: what follows would be taken for its rest.
  return read.state == BodyRead::State::kEnd ? BodyRead::State::kFailed : read.state;
}

// The size goes in front of the data, and is known only behind it: the data is read to where the longest size leaves it
// and moves up when the size turned out shorter, which only short data does.
BodyRead::State BodyWriter::write_chunk(BodySource& body, base::Buffer& out, std::size_t room) {
  constexpr std::size_t kDigitsMax = 4;
  constexpr std::size_t kDataMax = 0xffff;
  constexpr std::size_t kDataAt = kDigitsMax + kLineEnd.size();
  const std::size_t data_max = std::min(room, kDataMax);
  const auto chunk = out.prepare(kDataAt + data_max + kLineEnd.size());
  const auto data = chunk.subspan(kDataAt, data_max);
  const BodyRead read = body.read(data);
  GATE_CHECK(read.count <= data_max);
  if (read.count > 0) {
    const Digits size(read.count, 16);
    const std::size_t digits = size.view().size();
    base::copy_bytes(chunk, base::as_bytes(size.view()));
    base::copy_bytes(chunk.subspan(digits), base::as_bytes(kLineEnd));
    const auto packed = chunk.subspan(digits + kLineEnd.size());
    if (digits < kDigitsMax) std::copy_n(data.begin(), read.count, packed.begin());
    base::copy_bytes(packed.subspan(read.count), base::as_bytes(kLineEnd));
    out.commit(digits + read.count + 2 * kLineEnd.size());
    written_ += read.count;
  }
  if (read.state == BodyRead::State::kEnd) write_last_chunk(body.trailers(), out);
  return read.state;
}

}  // namespace gate::http::h1
