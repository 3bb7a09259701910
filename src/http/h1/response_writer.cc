#include "http/h1/response_writer.h"

#include <string_view>

#include "http/h1/head_text.h"
#include "http/status.h"

namespace gate::http::h1 {
namespace {

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

// RFC 9110 15.2.2: "The server MUST generate an Upgrade header field in the response that indicates which protocol(s)
// will be in effect after this response." RFC 9110 7.8: "A sender of Upgrade MUST also send an \"Upgrade\" connection
// option in the Connection header field".
void put_upgrade(Appender& head, const FieldList& fields) {
  head.put_line("Connection", "Upgrade");
  head.put_line("Upgrade", fields.value(FieldId::kUpgrade));
}

}  // namespace

void write_interim(std::uint16_t status, const FieldList& fields, base::Buffer& out) {
  constexpr std::size_t kStatusLineMax = 64;
  Appender head(out, kStatusLineMax + written_bytes(fields));
  put_status_line(head, status);
  put_fields(head, fields);
  head.put(kLineEnd);
}

void write_continue(base::Buffer& out) { out.append("HTTP/1.1 100 Continue\r\n\r\n"); }

void ResponseWriter::write_head(const Exchange& exchange, const ResponseFraming& framing, Persistence persistence,
                                const TurnTime& time, base::Buffer& out) {
  constexpr std::size_t kOwnLinesMax = 256;
  const Response& response = exchange.response;
  const BodyCoding coding = choose_coding(exchange, framing);
  body_.begin(coding, framing.content_length.value_or(0));

  Appender head(out, kOwnLinesMax + time.http_date.size() + written_bytes(response.fields));
  put_status_line(head, response.status);
  if (!put_fields(head, response.fields)) head.put_line("Server", kServerName);
  if (!time.http_date.empty()) head.put_line("Date", time.http_date);
  if (framing.content_length) head.put_line("Content-Length", Digits(*framing.content_length).view());
  if (coding == BodyCoding::kChunked) head.put_line("Transfer-Encoding", "chunked");
  if (persistence == Persistence::kUpgrade) put_upgrade(head, response.fields);
  if (persistence == Persistence::kClose) head.put_line("Connection", "close");
  if (persistence == Persistence::kKeepAlive && exchange.request.version == Version::kHttp10) {
    head.put_line("Connection", "keep-alive");
  }
  head.put(kLineEnd);
}

BodyCoding ResponseWriter::choose_coding(const Exchange& exchange, const ResponseFraming& framing) {
  if (!framing.sends_body) return BodyCoding::kNone;
  if (framing.content_length) return BodyCoding::kLength;
  if (exchange.response.tunnel) return BodyCoding::kUntilClose;
  // RFC 9112 6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request
  // indicates HTTP/1.1 (or later minor revisions)."
  return exchange.request.version == Version::kHttp10 ? BodyCoding::kUntilClose : BodyCoding::kChunked;
}

BodyRead::State ResponseWriter::write_body(Exchange& exchange, base::Buffer& out, std::size_t limit) {
  if (body_.has_none()) return BodyRead::State::kEnd;
  const auto state = body_.write(*exchange.response.body, out, limit);
  exchange.response_body_bytes = body_.written();
  return state;
}

}  // namespace gate::http::h1
