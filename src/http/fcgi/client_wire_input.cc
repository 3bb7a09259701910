// The receiving half: what a program writes, taken apart into the response and what it says beside it.

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/fcgi/client_wire.h"
#include "http/fcgi/response_head.h"
#include "http/response_rules.h"

namespace gate::http::fcgi {

void ClientWire::receive_end() {
  note_peer_ended();
  if (!has_call()) return finish();
  const bool begun = stage() == Stage::kBody || !head_.empty();
  fail({begun ? CallFault::kResponseIncomplete : CallFault::kConnectionTerminated, delivered(),
        begun ? "the connection ended inside the response" : "the program closed the connection"});
}

std::size_t ClientWire::consume(base::ByteView input) {
  std::size_t used = 0;
  while (used < input.size() && !finished()) {
    if (stage() == Stage::kIdle) {
      finish();  // nobody asked: it could be taken for the next response
      break;
    }
    const auto piece = reader_.read(input.subspan(used));
    used += piece.used;
    if (piece.state == RecordReader::State::kNeedMore) break;
    take(piece);
  }
  return used;
}

void ClientWire::take(const RecordReader::Piece& piece) {
  if (piece.state == RecordReader::State::kFault) {
    if (!has_call()) return finish();
    return fail({CallFault::kProtocolError, delivered(), "a record that breaks the rules of FastCGI"});
  }
  switch (piece.type) {
    case RecordType::kStdout: return take_output(piece.content);
    case RecordType::kStderr: return take_diagnostics(piece.content);
    case RecordType::kEndRequest: return take_end(protocol_status(piece.content));
    case RecordType::kBeginRequest:
    case RecordType::kParameters:
    case RecordType::kStdin: break;  // the reader lets none of these through
  }
}

void ClientWire::take_output(base::ByteView content) {
  if (stage() == Stage::kBody) return take_body(content);
  if (stage() == Stage::kTail) {
    discarded_bytes_ += content.size();
    if (discarded_bytes_ > limits().discarded_body_bytes_max) finish();
    return;
  }
  const std::size_t known = head_.size();
  head_.append(content);
  const auto text = base::as_text(head_.view());
  const auto end = end_of_head(text, known);
  if (end.value_or(text.size()) > limits().header_bytes_max) {
    return fail({CallFault::kHeaderTooLarge, Delivered::kMaybe, "the response's header is too large"});
  }
  if (!end) return;
  const base::Buffer arrived = std::move(head_);
  take_head(base::as_text(arrived.view().first(*end)));
  // Whoever was told may have cancelled, or want no body.
  if (stage() == Stage::kBody) take_body(arrived.view().subspan(*end));
}

void ClientWire::take_head(std::string_view block) {
  Call& call = this->call();
  const auto head = read_head(block, limits(), call.response.fields);
  if (!head) return fail({CallFault::kProtocolError, Delivered::kMaybe, head.error()});
  call.response.status = head->status;
  call.response.has_body = may_have_content(call.request.method, head->status);
  // For HEAD and 304 it is the length there would have been.
  call.body().set_length(head->length);
  body_rest_ = call.response.has_body ? head->length : 0;
  go_to(Stage::kBody);
  call.respond();
  const bool complete = has_call() && body_rest_ == 0U;
  if (complete) complete_response();
}

void ClientWire::take_body(base::ByteView content) {
  if (body_rest_) content = content.first(std::min<std::uint64_t>(*body_rest_, content.size()));
  if (content.empty()) return;
  if (body_rest_) *body_rest_ -= content.size();
  call().body().feed(content);
  if (body_rest_ == 0U) complete_response();
}

void ClientWire::take_diagnostics(base::ByteView content) {
  if (!has_call()) return;
  auto& kept = call().response.diagnostics;
  const std::size_t room = Call::Response::kDiagnosticsBytesMax - kept.size();
  kept += base::as_text(content.first(std::min(room, content.size())));
}

// All of the body is there, but the program may still be at work, and would be stopped if the connection ended.
void ClientWire::complete_response() {
  discarded_bytes_ = 0;
  go_to(Stage::kTail);
  if (!request_done()) finish();
  call().body().end();
  end_call();
}

void ClientWire::take_end(ProtocolStatus status) {
  if (stage() == Stage::kTail) {
    end_request();
    return tell_owner();
  }
  const bool busy = status == ProtocolStatus::kOverloaded || status == ProtocolStatus::kCannotMultiplex;
  if (busy)
    return fail({CallFault::kConnectionLimitReached, Delivered::kNothing, "the program takes no more requests"});
  if (status != ProtocolStatus::kComplete) {
    return fail({CallFault::kProtocolError, delivered(), "the program is no responder"});
  }
  if (stage() == Stage::kHead) {
    return fail({CallFault::kProtocolError, delivered(), "the program ended without a response"});
  }
  if (body_rest_) {
    return fail({CallFault::kResponseIncomplete, delivered(), "the response is shorter than it said"});
  }
  const bool sent = request_done();
  end_request();
  if (!sent) finish();
  call().body().end();
  end_call();
}

void ClientWire::end_request() {
  go_to(Stage::kIdle);
  if (!keeps_connection() || draining()) finish();
}

}  // namespace gate::http::fcgi
