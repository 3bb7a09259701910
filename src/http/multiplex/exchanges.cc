#include "http/multiplex/exchanges.h"

#include <algorithm>

#include "http/multiplex/codes.h"
#include "http/multiplex/response_head.h"
#include "http/request_rules.h"

namespace gate::http::multiplex {

Exchanges::Exchanges(const Surroundings& surroundings, Version version, Framing& framing)
    : with_(surroundings),
      version_(version),
      framing_(framing),
      deadline_(with_.context.time),
      streams_(with_.context.blocks),
      idle_since_(now()) {
  deadline_.note(idle_since_ + with_.limits.idle_timeout);
}

// --- requests

Stream& Exchanges::open(std::uint64_t id) {
  ++opened_;
  StreamOwner& owner = *this;
  return streams_.open(owner, id, with_.context.blocks, with_.connection, with_.limits, with_.context.time);
}

bool Exchanges::take_field(Stream& stream, const Field& line) {
  if (!stream.head_received) return stream.assembly.add(stream.exchange, line);
  // RFC 9113 8.5: "Frame types other than DATA or stream management frames (RST_STREAM, WINDOW_UPDATE, and PRIORITY)
  // MUST NOT be sent on a connected stream and MUST be treated as a stream error".
  if (stream.wants_tunnel()) return false;
  if (!stream.assembly.takes_trailer(stream.exchange, line)) return false;
  base::Arena& arena = stream.exchange.arena();
  if (is_trailer_allowed(line.id))
    stream.body.add_trailer(arena, {arena.copy(line.name), arena.copy(line.value), line.id});
  return true;
}

void Exchanges::take_head(Stream& stream, bool ended) {
  Exchange& exchange = stream.exchange;
  exchange.id = with_.context.next_exchange_id++;
  exchange.error_pages = with_.context.error_pages;
  exchange.timeline.head_complete = now();
  exchange.request.version = version_;
  stream.head_received = true;
  const auto fault = stream.assembly.finish(exchange, ended);
  stream.body.set_length(exchange.request.content_length);
  stream.awaits_continue = !ended && exchange.request.fields.find(FieldId::kExpect);
  if (ended) {
    stream.body.end();
  } else if (!stream.wants_tunnel()) {
    stream.body_pace.start(now());
    deadline_.note(stream.body_pace.due());
  }
  if (fault) {
    exchange.refuse(answer_to(*fault));
  } else {
    with_.dispatcher.dispatch(exchange);
  }
}

void Exchanges::take_data(Stream& stream, base::ByteView bytes) {
  const bool too_large =
      !stream.wants_tunnel() && stream.exchange.request_body_bytes + bytes.size() > with_.limits.body_bytes_max;
  if (stream.body.open() && !too_large) {
    stream.receive_data(bytes);
    return;
  }
  // Nobody reads the rest; the stream's window stays as it is, so that the client stops.
  framing_.open_connection_window(bytes.size());
  if (stream.body.open()) fail_request(stream, RequestFault::kBodyTooLarge);
}

void Exchanges::fail_request(Stream& stream, RequestFault fault) {
  framing_.open_connection_window(stream.body.unread());
  stream.fail_request(fault);
}

// RFC 9110 10.1.1: the client waits for 100 before it sends the body; once it sends, it waits no more.
void Exchanges::body_wanted(Stream& stream) {
  if (stream.awaits_continue && !stream.response_begun()) send_interim(stream, 100, {});
}

void Exchanges::inform(Stream& stream, std::uint16_t status, const FieldList& fields) {
  if (status == 100) return body_wanted(stream);
  send_interim(stream, status, std::span(fields.begin(), fields.size()));
}

void Exchanges::send_interim(Stream& stream, std::uint16_t status, std::span<const Field> fields) {
  if (status == 100) stream.awaits_continue = false;
  framing_.submit_interim(stream, interim_head(stream.exchange.arena(), status, fields));
  with_.host.wake();
}

void Exchanges::body_taken(Stream& stream, std::size_t count) {
  framing_.open_window(stream, count);
  with_.host.wake();
}

// --- responses

void Exchanges::stream_ready(Stream& stream) {
  const base::ListNode<ReadyStreams>& node = stream;
  if (!node.linked()) ready_.push_back(stream);
  with_.host.wake();
}

void Exchanges::hold_up(Stream& stream) {
  stream.hold_up();
  deadline_.note(stream.response_pace.due());
}

void Exchanges::send_ready() {
  while (!ready_.empty()) {
    Stream& stream = ready_.pop_front();
    if (stream.kept) {
      if (stream.body.drained()) finish(stream, stream.outcome());
      continue;
    }
    if (stream.response_begun()) {
      framing_.resume(stream);
    } else {
      const auto head = stream.start_response();
      framing_.submit_head(stream, head.lines, head.has_body);
    }
    deadline_.note(stream.response_pace.due());
  }
}

void Exchanges::response_sent(Stream& stream) {
  stream.response_sent();
  deadline_.note(stream.body_pace.due());
}

// --- ends

void Exchanges::close(Stream& stream) {
  stream.kept = stream.is_tunnel() && stream.over() && !stream.body.drained();
  if (!stream.kept) finish(stream, stream.outcome());
}

void Exchanges::finish(Stream& stream, Outcome outcome) {
  if (const std::size_t unread = stream.body.unread()) framing_.open_connection_window(unread);
  if (stream.head_received) {
    stream.exchange.outcome = outcome;
    stream.exchange.timeline.finished = now();
    with_.context.observer.finished(stream.exchange);
  }
  streams_.close(stream);
  if (!streams_.empty()) return;
  idle_since_ = now();
  deadline_.note(idle_since_ + with_.limits.idle_timeout);
}

void Exchanges::finish_all(Outcome outcome) {
  streams_.for_each([&](Stream& stream) {
    framing_.forget(stream);
    finish(stream, outcome);
  });
}

bool Exchanges::too_slow(Stream& stream) {
  if (stream.body_pace.too_slow(now())) {
    if (stream.kept) {
      finish(stream, Outcome::kServerClosed);
      return false;
    }
    report(kClientTooSlow, "request body too slow");
    if (stream.response_begun()) return true;
    fail_request(stream, RequestFault::kBodyTimeout);
  }
  const bool held_up_by_client = stream.response_flows() && framing_.window_shut(stream);
  if (held_up_by_client && stream.response_pace.too_slow(now())) {
    report(kClientTooSlow, "stream window not opened");
    return true;
  }
  if (!held_up_by_client && stream.response_pace.running()) stream.response_pace.begin(now());
  deadline_.note(std::min(stream.body_pace.due(), stream.response_pace.due()));
  return false;
}

bool Exchanges::idle_for(base::Duration duration) { return empty() && deadline_.reached(idle_since_ + duration); }

void Exchanges::report(base::ErrorCode code, std::string_view what) {
  with_.context.observer.violation(with_.connection, {code, what});
}

}  // namespace gate::http::multiplex
