// The receiving half of the client's wire: heads and bodies of responses, and what is done when they break the rules.

#include <algorithm>

#include "base/text.h"
#include "http/h1/client_wire.h"
#include "http/h1/take_all.h"
#include "http/request_rules.h"

namespace gate::http::h1 {
namespace {

// Interim responses before the final one: each costs a head's memory, and a server that sends only those would hold
// the client for ever.
constexpr std::size_t kInterimResponsesMax = 16;

bool is_interim(std::uint16_t status) { return status < 200 && status != 101; }

}  // namespace

// A body without another end ends here; anything else is cut short.
void ClientWire::receive_end() {
  note_peer_ended();
  if (!has_call()) return finish();
  const bool proper = stage() == Stage::kTunnel || (stage() == Stage::kBody && control_.end == ResponseBodyEnd::kClose);
  if (proper) {
    call().body().end();
    finish();
    return end_call();
  }
  const bool begun = stage() == Stage::kBody || has_unused_input();
  fail({begun ? CallFault::kResponseIncomplete : CallFault::kConnectionTerminated, delivered(),
        begun ? "the connection ended inside the response" : "the server closed the connection"});
}

std::size_t ClientWire::consume(base::ByteView input) {
  return take_all(base::as_text(input), [this](std::string_view rest) { return consume_stage(rest); });
}

std::size_t ClientWire::consume_stage(std::string_view input) {
  switch (stage()) {
    case Stage::kIdle: finish(); return input.size();  // nobody asked: it could be taken for the next response
    case Stage::kHead: return take_head(input);
    case Stage::kBody: return take_body(input);
    case Stage::kTunnel: call().body().feed(base::as_bytes(input)); return input.size();
    case Stage::kTail:
    case Stage::kClosed: return input.size();
  }
  return 0;
}

std::size_t ClientWire::take_head(std::string_view input) {
  switch (parser_->parse(input)) {
    case Progress::kNeedMore: return 0;
    case Progress::kComplete: break;
    case Progress::kFault: {
      const bool large = parser_->fault() == RequestFault::kHeaderTooLarge;
      fail({large ? CallFault::kHeaderTooLarge : CallFault::kProtocolError, Delivered::kMaybe,
            large ? "the response's head is too large" : "the response's head is malformed"});
      return input.size();
    }
  }
  const std::size_t used = parser_->size();
  const std::string_view head = input.substr(0, used);
  // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
  const std::uint16_t status = parser_->status();
  if (is_interim(status)) {
    take_interim(head);
  } else if (status == 101) {
    begin_tunnel(head);
  } else {
    take_final(head);
  }
  return used;
}

void ClientWire::take_interim(std::string_view head) {
  Call& call = this->call();
  if (++interim_responses_ > kInterimResponsesMax) {
    return fail({CallFault::kProtocolError, Delivered::kMaybe, "too many interim responses"});
  }
  const std::uint16_t status = parser_->status();
  FieldList fields(call.arena());
  parser_->fill_fields(head, fields);
  begin_head();
  if (status != 100) call.inform(status, fields);
}

void ClientWire::begin_tunnel(std::string_view head) {
  Call& call = this->call();
  // RFC 9110 7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
  parser_->fill_fields(head, call.response.fields);
  const Field* upgrade = call.response.fields.find(FieldId::kUpgrade);
  const bool asked = !call.request.upgrade.empty() && upgrade != nullptr &&
                     base::equals_ignoring_case(upgrade->value, call.request.upgrade);
  if (!asked) return fail({CallFault::kProtocolError, Delivered::kMaybe, "a switch of protocols nobody asked for"});
  call.response.status = 101;
  call.response.has_body = true;
  go_to(Stage::kTunnel);
  call.respond();
  // Only now is it known what the server is to be sent; and whoever was told may have cancelled.
  if (!has_call()) return;
  writer_.begin(call.request.body ? BodyCoding::kUntilClose : BodyCoding::kNone);
  if (call.request.body) call.request.body->set_waker(this);
  host().wake();
}

void ClientWire::take_final(std::string_view head) {
  Call& call = this->call();
  call.response.status = parser_->status();
  parser_->fill_fields(head, call.response.fields);
  const auto control =
      judge_response({call.request.method, parser_->version(), call.response.status}, call.response.fields);
  if (!control) return fail({CallFault::kProtocolError, Delivered::kMaybe, control.error()});
  control_ = *control;
  call.response.has_body = control->end != ResponseBodyEnd::kNone;
  // For HEAD and 304 it is the length there would have been.
  const Field* length = call.response.fields.find(FieldId::kContentLength);
  if (length && control->end != ResponseBodyEnd::kChunked) call.body().set_length(parse_content_length(length->value));
  if (control->end == ResponseBodyEnd::kChunked) {
    decoder_.emplace(call.arena(), limits(), call.body().received_trailers());
  }
  go_to(Stage::kBody);
  const bool ended = control->end == ResponseBodyEnd::kNone;
  if (ended) call.body().end();
  call.respond();
  // Whoever was told may have cancelled.
  if (ended && has_call()) end_response();
}

std::size_t ClientWire::take_body(std::string_view input) {
  if (control_.end == ResponseBodyEnd::kChunked) return take_chunks(input);
  CallBody& body = call().body();
  if (control_.end == ResponseBodyEnd::kClose) {
    body.feed(base::as_bytes(input));
    return input.size();
  }
  auto& rest = control_.length;
  const std::size_t count = std::min<std::uint64_t>(rest, input.size());
  rest -= count;
  body.feed(base::as_bytes(input.substr(0, count)));
  if (rest == 0) {
    body.end();
    end_response();
  }
  return count;
}

std::size_t ClientWire::take_chunks(std::string_view input) {
  const auto piece = decoder_->decode(input);
  CallBody& body = call().body();
  if (piece.progress == Progress::kFault) {
    fail({CallFault::kProtocolError, Delivered::kAnswered, "the chunked coding of the response is broken"});
    return input.size();
  }
  body.feed(base::as_bytes(piece.data));
  if (piece.progress == Progress::kComplete) {
    body.end();
    end_response();
  }
  return piece.used;
}

// The response is received. A request that is still being sent would only be thrown away by the server; to stop in its
// middle ends the connection.
void ClientWire::end_response() {
  const bool sent = request_done() || !call().request.upgrade.empty();
  const bool reusable = control_.keep_alive && sent && !draining();
  if (reusable) {
    go_to(Stage::kIdle);
  } else {
    finish();
  }
  end_call();
}

}  // namespace gate::http::h1
