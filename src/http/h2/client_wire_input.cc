// The receiving half of the client's wire: heads, bodies and trailers of responses, and what is done when they break
// the rules.

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/h2/client_wire.h"
#include "http/request_rules.h"

namespace gate::http::h2 {
namespace {

// Interim responses before the final one: each costs a head's memory, and a server that sends only those would hold
// the client for ever.
constexpr std::size_t kInterimResponsesMax = 16;

// RFC 9113 6.5.2 counts a line of a field section so.
constexpr std::size_t kLineOverhead = 32;

// RFC 9110 6.4.1.
bool never_has_body(Method method, std::uint16_t status) {
  return method == Method::kHead || status == 204 || status == 304;
}

}  // namespace

void ClientWire::receive(base::ByteView bytes) {
  received_at_ = now();
  while (!bytes.empty() && !ended_ && !closing_ && !condemned_) {
    const auto piece = frames_.take(bytes);
    if (piece.begun) {
      const Verdict verdict = guard_.judge(*piece.begun, session_.find(piece.begun->stream_id) != nullptr, now());
      if (verdict.action == Verdict::Action::kClose) condemn(verdict.code);
    }
    if (!condemned_) session_.feed(piece.bytes);
  }
  settle();
}

void ClientWire::receive_end() {
  draining_ = true;
  while (!streams_.empty()) {
    CallStream& stream = *streams_.back();
    const bool begun = stream.call.responded();
    fail(stream,
         {begun ? CallFault::kResponseIncomplete : CallFault::kConnectionTerminated, stream.delivered(),
          begun ? "the connection ended inside the response" : "the server closed the connection"},
         std::nullopt);
  }
  ended_ = true;
}

// --- Heads and trailers ---

void ClientWire::section_begun(CallStream& stream) {
  stream.awaited_since = now();
  stream.begin_section();
}

void ClientWire::field_received(CallStream& stream, std::string_view name, std::string_view value) {
  stream.section_bytes += name.size() + value.size() + kLineOverhead;
  if (stream.section_bytes > limits_.header_bytes_max || ++stream.section_lines > limits_.header_lines_max) {
    return fail(stream, {CallFault::kHeaderTooLarge, stream.delivered(), "the response's head is too large"},
                Code::kCancel);
  }
  Call& call = stream.call;
  base::Arena& arena = call.arena();
  // nghttp2 has checked that it is there once, first, and three digits.
  if (name == ":status") {
    stream.status = base::parse_number<std::uint16_t>(value).value_or(0);
    return;
  }
  Field field{arena.copy(name), arena.copy(value), field_id(name)};
  if (stream.stage == CallStream::Stage::kBody) {
    if (is_trailer_allowed(field.id)) call.body().received_trailers().add(field);
  } else {
    (stream.status < 200 ? *stream.interim : call.response.fields).add(field);
  }
}

void ClientWire::section_received(CallStream& stream, bool ended) {
  if (stream.stage == CallStream::Stage::kBody) return end_response(stream);  // nghttp2 has checked that it ends there
  if (stream.status < 200) return take_interim(stream);
  take_head(stream, ended);
}

// RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
void ClientWire::take_interim(CallStream& stream) {
  if (++stream.interim_responses > kInterimResponsesMax) {
    return fail(stream, {CallFault::kProtocolError, stream.delivered(), "too many interim responses"}, Code::kCancel);
  }
  if (stream.status != 100) stream.call.inform(stream.status, *stream.interim);
}

void ClientWire::take_head(CallStream& stream, bool ended) {
  Call& call = stream.call;
  const auto id = static_cast<std::uint32_t>(stream.id);
  stream.stage = CallStream::Stage::kBody;
  stream.interim.reset();
  call.response.status = stream.status;
  call.response.has_body = !ended && !never_has_body(call.request.method, stream.status);
  // For HEAD and 304 it is the length there would have been. An end without content is a length too, which lets it be
  // passed on as it came: gRPC tells a response of trailers only by its head's being the end.
  const Field* length = call.response.fields.find(FieldId::kContentLength);
  if (length) {
    call.body().set_length(parse_content_length(length->value));
  } else if (ended && !never_has_body(call.request.method, stream.status)) {
    call.body().set_length(0);
  }
  if (ended) call.body().end();
  call.respond();
  // Whoever was told may have cancelled.
  if (ended && session_.find(id) == &stream) end_response(stream);
}

// --- Bodies ---

void ClientWire::data_received(CallStream& stream, base::ByteView bytes) {
  stream.awaited_since = now();
  const auto id = static_cast<std::uint32_t>(stream.id);
  CallBody& body = stream.call.body();
  body.feed(bytes);
  if (session_.find(id) != &stream) return;
  stream.unopened += bytes.size();
  if (body.has_room()) session_.open_window(stream, std::exchange(stream.unopened, 0));
}

// RFC 9113 8.1: "Clients MUST NOT discard responses as a result of receiving such a RST_STREAM": what is left of the
// request interests nobody, and is not sent.
void ClientWire::end_response(CallStream& stream) {
  Call& call = stream.call;
  if (!stream.request_done) session_.reset(stream, Code::kCancel);
  end_call(stream);
  if (call.body().open()) call.body().end();
}

// --- Ends ---

void ClientWire::malformed(CallStream& stream) {
  fail(stream, {CallFault::kProtocolError, stream.delivered(), "the response is malformed"}, Code::kProtocolError);
}

void ClientWire::stream_closed(CallStream& stream, Code code) {
  const Delivered delivered = stream.delivered();
  const bool answered = delivered == Delivered::kAnswered;
  // RFC 9113 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the stream is
  // being closed prior to any processing having occurred." nghttp2 says the same of streams above a GOAWAY's last.
  if (code == Code::kRefusedStream && !answered) return put_off(stream);
  if (stream.reset_by_peer) {
    const auto fault = answered ? CallFault::kResponseIncomplete : CallFault::kConnectionTerminated;
    return fail(stream, {fault, delivered, "the server ended the stream before its response was complete"},
                std::nullopt);
  }
  fail(stream, {CallFault::kProtocolError, delivered, "the response is malformed"}, std::nullopt);
}

}  // namespace gate::http::h2
