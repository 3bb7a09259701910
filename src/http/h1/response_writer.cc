#include "http/h1/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "http/status.h"

namespace gate::http::h1 {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// Text put together at the end of a buffer, whose room is reserved once.
class Appender {
 public:
  Appender(base::Buffer& out, std::size_t bytes_max) : out_(out), room_(out.prepare(bytes_max)) {}
  ~Appender() { out_.commit(size_); }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  void put(std::string_view text) {
    base::copy_bytes(room_.subspan(size_), base::as_bytes(text));
    size_ += text.size();
  }

  void put_line(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    put(value);
    put(kLineEnd);
  }

 private:
  base::Buffer& out_;
  std::span<std::byte> room_;
  std::size_t size_ = 0;
};

// A number as text, without memory of its own elsewhere.
class Digits {
 public:
  explicit Digits(std::uint64_t value, int base = 10)
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), value, base).ptr) {}
  std::string_view view() const { return {text_.data(), end_}; }

 private:
  std::array<char, 20> text_;
  char* end_;
};

std::string_view written_name(const Field& field) {
  return field.id == FieldId::kUnknown ? field.name : field_display_name(field.id);
}

// What field lines take at most: name, colon, blank, value, line end.
std::size_t written_bytes(const FieldList& fields) {
  std::size_t bytes = 0;
  for (const Field& field : fields) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

void put_status_line(Appender& head, std::uint16_t status) {
  if (status == 200) return head.put("HTTP/1.1 200 OK\r\n");
  head.put("HTTP/1.1 ");
  head.put(Digits(status).view());
  head.put(" ");
  head.put(reason_phrase(status));
  head.put(kLineEnd);
}

// Says whether Server was among them.
bool put_fields(Appender& head, const FieldList& fields) {
  bool has_server = false;
  for (const Field& field : fields) {
    if (is_written_by_driver(field.id)) continue;
    has_server |= field.id == FieldId::kServer;
    head.put_line(written_name(field), field.value);
  }
  return has_server;
}

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

void write_continue(base::Buffer& out) { out.append("HTTP/1.1 100 Continue\r\n\r\n"); }

void ResponseWriter::write_head(const Exchange& exchange, const ResponseFraming& framing, Persistence persistence,
                                const TurnTime& time, base::Buffer& out) {
  constexpr std::size_t kOwnLinesMax = 256;
  const Response& response = exchange.response;
  coding_ = choose_coding(exchange, framing);
  length_rest_ = framing.content_length.value_or(0);

  Appender head(out, kOwnLinesMax + time.http_date.size() + written_bytes(response.fields));
  put_status_line(head, response.status);
  if (!put_fields(head, response.fields)) head.put_line("Server", kServerName);
  if (!time.http_date.empty()) head.put_line("Date", time.http_date);
  if (framing.content_length) head.put_line("Content-Length", Digits(*framing.content_length).view());
  if (coding_ == Coding::kChunked) head.put_line("Transfer-Encoding", "chunked");
  if (persistence == Persistence::kClose) head.put_line("Connection", "close");
  if (persistence == Persistence::kKeepAlive && exchange.request.version == Version::kHttp10) {
    head.put_line("Connection", "keep-alive");
  }
  head.put(kLineEnd);
}

ResponseWriter::Coding ResponseWriter::choose_coding(const Exchange& exchange, const ResponseFraming& framing) {
  if (!framing.sends_body) return Coding::kNone;
  if (framing.content_length) return Coding::kLength;
  // RFC 9112 6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request
  // indicates HTTP/1.1 (or later minor revisions)."
  return exchange.request.version == Version::kHttp10 ? Coding::kUntilClose : Coding::kChunked;
}

BodyRead::State ResponseWriter::write_body(Exchange& exchange, base::Buffer& out, std::size_t limit) {
  if (coding_ == Coding::kNone || (coding_ == Coding::kLength && length_rest_ == 0)) return BodyRead::State::kEnd;
  auto state = BodyRead::State::kData;
  while (state == BodyRead::State::kData && out.size() < limit) {
    const std::size_t room = limit - out.size();
    state = coding_ == Coding::kChunked ? write_chunk(exchange, out, room) : write_plain(exchange, out, room);
  }
  return state;
}

BodyRead::State ResponseWriter::write_plain(Exchange& exchange, base::Buffer& out, std::size_t room) {
  const bool counted = coding_ == Coding::kLength;
  if (counted) room = std::min<std::uint64_t>(room, length_rest_);
  const BodyRead read = exchange.response.body->read(out.prepare(room).first(room));
  GATE_CHECK(read.count <= room);
  out.commit(read.count);
  exchange.response_body_bytes += read.count;
  if (!counted) return read.state;
  length_rest_ -= read.count;
  if (length_rest_ == 0) return BodyRead::State::kEnd;
  // A body shorter than it said: what follows would be taken for its rest.
  return read.state == BodyRead::State::kEnd ? BodyRead::State::kFailed : read.state;
}

// The size goes in front of the data, and is known only behind it: the data is read to where the longest size leaves it
// and moves up when the size turned out shorter, which only short data does.
BodyRead::State ResponseWriter::write_chunk(Exchange& exchange, base::Buffer& out, std::size_t room) {
  constexpr std::size_t kDigitsMax = 4;
  constexpr std::size_t kDataMax = 0xffff;
  constexpr std::size_t kDataAt = kDigitsMax + kLineEnd.size();
  const std::size_t data_max = std::min(room, kDataMax);
  const auto chunk = out.prepare(kDataAt + data_max + kLineEnd.size());
  const auto data = chunk.subspan(kDataAt, data_max);
  const BodyRead read = exchange.response.body->read(data);
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
    exchange.response_body_bytes += read.count;
  }
  if (read.state == BodyRead::State::kEnd) write_last_chunk(exchange.response.body->trailers(), out);
  return read.state;
}

}  // namespace gate::http::h1
