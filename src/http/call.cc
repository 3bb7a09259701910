#include "http/call.h"

#include <algorithm>
#include <utility>

namespace gate::http {

std::string_view to_string(CallFault fault) {
  switch (fault) {
    case CallFault::kDnsTimeout: return "dns_timeout";
    case CallFault::kDnsError: return "dns_error";
    case CallFault::kConnectionRefused: return "connection_refused";
    case CallFault::kConnectionTimeout: return "connection_timeout";
    case CallFault::kConnectionLimitReached: return "connection_limit_reached";
    case CallFault::kConnectionTerminated: return "connection_terminated";
    case CallFault::kConnectionWriteTimeout: return "connection_write_timeout";
    case CallFault::kTlsCertificateError: return "tls_certificate_error";
    case CallFault::kTlsProtocolError: return "tls_protocol_error";
    case CallFault::kResponseTimeout: return "http_response_timeout";
    case CallFault::kResponseIncomplete: return "http_response_incomplete";
    case CallFault::kProtocolError: return "http_protocol_error";
    case CallFault::kHeaderTooLarge: return "http_response_header_section_size";
    case CallFault::kUpgradeFailed: return "http_upgrade_failed";
    case CallFault::kRequestFailed: return "http_request_error";
  }
  return "proxy_internal_error";
}

BodyRead CallBody::read(std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), buffered_.size());
  base::copy_bytes(into, buffered_.view().first(count));
  buffered_.consume(count);
  if (count > 0 && std::exchange(was_full_, !has_room()) && has_room() && call_.driver()) {
    call_.driver()->body_has_room(call_);
  }
  if (!buffered_.empty()) return {BodyRead::State::kData, count};
  switch (state_) {
    case State::kEnded: buffered_.release(); return {BodyRead::State::kEnd, count};
    case State::kFailed: return {count > 0 ? BodyRead::State::kData : BodyRead::State::kFailed, count};
    case State::kOpen: break;
  }
  if (count > 0) return {BodyRead::State::kData, count};
  reader_waits_ = true;
  return {BodyRead::State::kWait, 0};
}

void CallBody::feed(base::ByteView data) {
  if (data.empty()) return;
  buffered_.append(data);
  was_full_ = !has_room();
  wake_reader();
}

void CallBody::end() {
  state_ = State::kEnded;
  wake_reader();
}

void CallBody::fail() {
  state_ = State::kFailed;
  wake_reader();
}

void CallBody::wake_reader() {
  if (std::exchange(reader_waits_, false)) wake();
}

void Call::fail(CallFailure failure) {
  driver_ = nullptr;
  failure_ = failure;
  if (responded_) {
    body_.fail();
  } else {
    listener_.failed(*this, failure);
  }
}

void Call::restart() {
  cancel();
  response.status = 0;
  response.fields.clear();
  response.has_body = false;
  response.diagnostics.clear();
  body_.reset();
  failure_.reset();
  waits = {};
  request_body_bytes = 0;
  responded_ = false;
}

void CallBody::reset() {
  buffered_.release();
  trailers_.clear();
  length_.reset();
  state_ = State::kOpen;
  reader_waits_ = was_full_ = false;
}

}  // namespace gate::http
