#include "http/h1/client_wire.h"

#include "http/h1/head_text.h"
#include "http/response_rules.h"

namespace gate::http::h1 {

void ClientWire::begin_call() {
  control_ = {};
  decoder_.reset();
  writer_ = {};
  interim_responses_ = 0;
  begin_head();
}

void ClientWire::begin_head() { parser_.emplace(call().arena(), limits(), HeadParser::Section::kResponseHead); }

BodyRead::State ClientWire::write_body(base::Buffer& out, std::size_t limit) {
  if (writer_.has_none()) return BodyRead::State::kEnd;
  const auto state = writer_.write(*call().request.body, out, limit);
  call().request_body_bytes = writer_.written();
  return state;
}

BodyCoding ClientWire::request_coding() const {
  const Call::Request& request = call().request;
  if (!request.body || !request.upgrade.empty()) return BodyCoding::kNone;
  return request.body->length() ? BodyCoding::kLength : BodyCoding::kChunked;
}

void ClientWire::write_head(base::Buffer& out) {
  constexpr std::size_t kOwnLinesMax = 256;
  const Call::Request& request = call().request;
  const BodyCoding coding = request_coding();
  const std::uint64_t length = coding == BodyCoding::kLength ? *request.body->length() : 0;
  writer_.begin(coding, length);

  Appender head(out, kOwnLinesMax + request.method_text.size() + request.target.size() + request.authority.size() +
                         request.upgrade.size() + written_bytes(*request.fields));
  head.put(request.method_text);
  head.put(" ");
  head.put(request.target);
  head.put(" HTTP/1.1\r\n");
  head.put_line("Host", request.authority);
  for (const Field& field : *request.fields) head.put_line(written_name(field), field.value);
  if (coding == BodyCoding::kChunked) head.put_line("Transfer-Encoding", "chunked");
  const bool says_length = coding == BodyCoding::kLength || (coding == BodyCoding::kNone && request.body_expected);
  if (says_length) head.put_line("Content-Length", Digits(length).view());
  if (!request.upgrade.empty()) {
    head.put_line("Connection", "Upgrade");
    head.put_line("Upgrade", request.upgrade);
  }
  head.put(kLineEnd);
}

}  // namespace gate::http::h1
