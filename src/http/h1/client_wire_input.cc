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

void ClientWire::receive(base::ByteView bytes) {
  if (stage_ == Stage::kClosed) return;
  awaited_since_ = now();
  if (input_.empty()) {
    const std::size_t used = consume(base::as_text(bytes));
    if (stage_ != Stage::kClosed) input_.append(bytes.subspan(used));
  } else {
    input_.append(bytes);
    consume_buffered();
  }
}

void ClientWire::consume_buffered() {
  const std::size_t used = consume(base::as_text(input_.view()));
  if (stage_ == Stage::kClosed) return;
  input_.consume(used);
  if (input_.empty()) input_.release();
}

// A body without another end ends here; anything else is cut short.
void ClientWire::receive_end() {
  peer_ended_ = true;
  if (!current_) return finish();
  const bool proper =
      stage_ == Stage::kTunnel || (stage_ == Stage::kBody && current_->control.end == ResponseBodyEnd::kClose);
  if (proper) {
    current_->call.body().end();
    end_call();
    return finish();
  }
  const bool begun = stage_ == Stage::kBody || !input_.empty();
  fail({begun ? CallFault::kResponseIncomplete : CallFault::kConnectionTerminated, delivered(),
        begun ? "the connection ended inside the response" : "the server closed the connection"});
}

std::size_t ClientWire::consume(std::string_view input) {
  return take_all(input, [this](std::string_view rest) { return consume_stage(rest); });
}

std::size_t ClientWire::consume_stage(std::string_view input) {
  switch (stage_) {
    case Stage::kIdle: finish(); return input.size();  // nobody asked: it could be taken for the next response
    case Stage::kHead: return take_head(input);
    case Stage::kBody: return take_body(input);
    case Stage::kTunnel: current_->call.body().feed(base::as_bytes(input)); return input.size();
    case Stage::kClosed: return input.size();
  }
  return 0;
}

std::size_t ClientWire::take_head(std::string_view input) {
  switch (current_->parser->parse(input)) {
    case Progress::kNeedMore: return 0;
    case Progress::kComplete: break;
    case Progress::kFault: {
      const bool large = current_->parser->fault() == RequestFault::kHeaderTooLarge;
      fail({large ? CallFault::kHeaderTooLarge : CallFault::kProtocolError, Delivered::kMaybe,
            large ? "the response's head is too large" : "the response's head is malformed"});
      return input.size();
    }
  }
  const std::size_t used = current_->parser->size();
  const std::string_view head = input.substr(0, used);
  // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
  const std::uint16_t status = current_->parser->status();
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
  Call& call = current_->call;
  if (++current_->interim_responses > kInterimResponsesMax) {
    return fail({CallFault::kProtocolError, Delivered::kMaybe, "too many interim responses"});
  }
  const std::uint16_t status = current_->parser->status();
  FieldList fields(call.arena());
  current_->parser->fill_fields(head, fields);
  current_->begin_head(limits_);
  if (status != 100) call.inform(status, fields);
}

void ClientWire::begin_tunnel(std::string_view head) {
  Call& call = current_->call;
  // RFC 9110 7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
  current_->parser->fill_fields(head, call.response.fields);
  const Field* upgrade = call.response.fields.find(FieldId::kUpgrade);
  const bool asked = !call.request.upgrade.empty() && upgrade != nullptr &&
                     base::equals_ignoring_case(upgrade->value, call.request.upgrade);
  if (!asked) return fail({CallFault::kProtocolError, Delivered::kMaybe, "a switch of protocols nobody asked for"});
  call.response.status = 101;
  call.response.has_body = true;
  stage_ = Stage::kTunnel;
  call.respond();
  // Only now is it known what the server is to be sent; and whoever was told may have cancelled.
  if (!current_) return;
  current_->writer.begin(call.request.body ? BodyCoding::kUntilClose : BodyCoding::kNone);
  if (call.request.body) call.request.body->set_waker(this);
  host_.wake();
}

void ClientWire::take_final(std::string_view head) {
  Call& call = current_->call;
  call.response.status = current_->parser->status();
  current_->parser->fill_fields(head, call.response.fields);
  const auto control =
      judge_response({call.request.method, current_->parser->version(), call.response.status}, call.response.fields);
  if (!control) return fail({CallFault::kProtocolError, Delivered::kMaybe, control.error()});
  current_->control = *control;
  call.response.has_body = control->end != ResponseBodyEnd::kNone;
  // For HEAD and 304 it is the length there would have been.
  const Field* length = call.response.fields.find(FieldId::kContentLength);
  if (length && control->end != ResponseBodyEnd::kChunked) call.body().set_length(parse_content_length(length->value));
  if (control->end == ResponseBodyEnd::kChunked) {
    current_->decoder.emplace(call.arena(), limits_, call.body().received_trailers());
  }
  stage_ = Stage::kBody;
  const bool ended = control->end == ResponseBodyEnd::kNone;
  if (ended) call.body().end();
  call.respond();
  // Whoever was told may have cancelled.
  if (ended && current_) end_response();
}

std::size_t ClientWire::take_body(std::string_view input) {
  if (current_->control.end == ResponseBodyEnd::kChunked) return take_chunks(input);
  CallBody& body = current_->call.body();
  if (current_->control.end == ResponseBodyEnd::kClose) {
    body.feed(base::as_bytes(input));
    return input.size();
  }
  auto& rest = current_->control.length;
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
  const auto piece = current_->decoder->decode(input);
  CallBody& body = current_->call.body();
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
  const bool sent = current_->request_done || !current_->call.request.upgrade.empty();
  const bool reusable = current_->control.keep_alive && sent && !draining_;
  stage_ = Stage::kIdle;
  if (!reusable) finish();
  end_call();
}

}  // namespace gate::http::h1
