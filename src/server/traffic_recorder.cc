#include "server/traffic_recorder.h"

#include <array>
#include <string>

#include "http/upstream_facts.h"
#include "quic/connection.h"
#include "server/asked_for.h"
#include "server/codes.h"
#include "tls/client_certificate.h"
#include "tls/codes.h"

namespace gate::server {
namespace {

observe::WireProtocol protocol_of(http::Version version) {
  switch (version) {
    case http::Version::kHttp10:
    case http::Version::kHttp11: return observe::WireProtocol::kHttp1;
    case http::Version::kHttp2: return observe::WireProtocol::kHttp2;
    case http::Version::kHttp3: return observe::WireProtocol::kHttp3;
  }
  return observe::WireProtocol::kHttp1;
}

observe::ConnectionEnd end_of(net::CloseReason reason) {
  switch (reason) {
    case net::CloseReason::kFinished: return observe::ConnectionEnd::kServer;
    case net::CloseReason::kPeerClosed: return observe::ConnectionEnd::kClient;
    case net::CloseReason::kHandshakeFailed: return observe::ConnectionEnd::kHandshakeFailed;
    case net::CloseReason::kHandshakeTimeout: return observe::ConnectionEnd::kHandshakeTimeout;
    case net::CloseReason::kTlsFailed: return observe::ConnectionEnd::kViolation;
    case net::CloseReason::kSocketFailed: return observe::ConnectionEnd::kError;
    case net::CloseReason::kStalled: return observe::ConnectionEnd::kDeadline;
    case net::CloseReason::kDiscarded: return observe::ConnectionEnd::kDrained;
  }
  return observe::ConnectionEnd::kError;
}

// The span between two moments of a request, zero when it did not get that far.
base::Duration between(base::Instant from, base::Instant to) {
  return from == base::Instant{} || to <= from ? base::Duration{} : to - from;
}

// The selected ones of a message's fields, in the order of the selection.
class LoggedFields {
 public:
  LoggedFields(const std::vector<observe::SelectedField>& selection, const http::FieldList& fields) {
    for (const auto& selected : selection) {
      const http::Field* field = fields.find(selected.name);
      if (!field || count_ == found_.size()) continue;
      found_[count_++] = {selected.name, field->value, selected.redacted};
    }
  }
  std::span<const observe::LoggedField> view() const { return std::span(found_).first(count_); }

 private:
  std::array<observe::LoggedField, observe::AccessFormatter::kFieldsMax> found_;
  std::size_t count_ = 0;
};

// What the log says of the servers behind.
class LoggedUpstream {
 public:
  explicit LoggedUpstream(const http::UpstreamFacts* facts) {
    if (!facts || facts->attempts == 0) return;
    const auto attempts = facts->view();
    const http::UpstreamAttempt& last = attempts.back();
    for (const auto& each : attempts) {
      if (each.fault) failed_[count_++] = {each.server, http::to_string(*each.fault)};
      if (!each.fault && &each != &last) failed_[count_++] = {.server = each.server, .status = each.status};
    }
    upstream_ = {.server = last.server,
                 .status = last.status,
                 .attempts = facts->attempts,
                 .queue = last.waits.queue,
                 .connect = last.waits.connect,
                 .first_byte = last.first_byte,
                 .failed = std::span(failed_).first(count_)};
  }
  LoggedUpstream(const LoggedUpstream&) = delete;
  LoggedUpstream& operator=(const LoggedUpstream&) = delete;

  const observe::AccessUpstream* view() const { return upstream_.attempts > 0 ? &upstream_ : nullptr; }

 private:
  static_assert(http::UpstreamFacts::kKeptMax <= observe::AccessUpstream::kFailedMax);
  std::array<observe::FailedServer, observe::AccessUpstream::kFailedMax> failed_;
  std::size_t count_ = 0;
  observe::AccessUpstream upstream_;
};

observe::AccessQuic quic_of(const quic::ConnectionFacts& facts) {
  return {.version = facts.version,
          .round_trip = facts.smoothed_rtt,
          .packets_lost = facts.packets_lost,
          .migrations = facts.migrations,
          .early_data = facts.early_data};
}

const observe::FieldSelection& selection_of(const SitePlan* site) {
  static const observe::FieldSelection kNone;
  return site ? site->log_fields : kNone;
}

}  // namespace

void TrafficRecorder::request(const http::Exchange& exchange, const SitePlan* site) {
  const base::Instant finished = clock_.now();
  count(exchange, site, finished);
  const auto target = site ? site->access_log : unclaimed_;
  if (target.enabled()) log(exchange, site, target, finished);
  recent_.note(exchange, clock_.wall(), between(exchange.timeline.first_byte, finished), target.enabled());
  if (exchange.refusal && exchange.refusal->status < 500 && exchange.refusal->status != 404) {
    audit(exchange, observe::AuditKind::kRequestRefused, exchange.refusal->code, exchange.refusal->reason);
  }
  if (exchange.upstream && !exchange.upstream->diagnostics.empty()) {
    audit(exchange, observe::AuditKind::kScriptMessage, {}, exchange.upstream->diagnostics);
  }
}

void TrafficRecorder::audit(const http::Exchange& exchange, observe::AuditKind kind, base::ErrorCode code,
                            std::string_view text) {
  log_.record({.kind = kind,
               .time = clock_.wall(),
               .code = code,
               .text = text,
               .site = exchange.site,
               .connection_id = exchange.connection().id,
               .request_id = exchange.id,
               .peer = exchange.client()});
}

void TrafficRecorder::count(const http::Exchange& exchange, const SitePlan* site, base::Instant finished) {
  const auto protocol = protocol_of(exchange.request.version);
  const std::uint16_t status = exchange.responded() ? exchange.response.status : std::uint16_t{0};
  auto& numbers = metrics_.site(site ? site->metrics_number : 0);
  numbers.requests[protocol][observe::to_status_class(status)].add();
  numbers.request_bytes.add(exchange.request_body_bytes);
  numbers.response_bytes.add(exchange.response_body_bytes);
  metrics_.request_duration[protocol].record(between(exchange.timeline.first_byte, finished));
  if (exchange.refusal) metrics_.refusals.add(exchange.refusal->code);
}

void TrafficRecorder::log(const http::Exchange& exchange, const SitePlan* site, observe::LogTarget target,
                          base::Instant finished) {
  const auto& request = exchange.request;
  const AskedFor asked_for(request);
  const auto& timeline = exchange.timeline;
  observe::AccessTls tls;
  const tls::Facts* facts = exchange.connection().tls;
  if (facts) {
    tls = {version_.of(facts->version),
           suite_.of(facts->suite),
           group_.of(facts->group),
           facts->server_name,
           facts->ja4.view(),
           facts->resumed,
           facts->ech};
    if (const auto* client = facts->client.get()) {
      tls.client_subject = client->own().subject();
      tls.client_serial = client->own().serial();
      tls.client_fingerprint = client->fingerprint;
    }
  }
  observe::AccessQuic quic;
  if (const auto* connection = exchange.connection().quic) quic = quic_of(connection->facts());
  const LoggedUpstream upstream(exchange.upstream);
  const auto& selection = selection_of(site);
  const LoggedFields request_fields(selection.request, request.fields);
  const LoggedFields response_fields(selection.response, exchange.response.fields);
  log_.write({.time = clock_.wall(),
              .request_id = exchange.id,
              .connection_id = exchange.connection().id,
              .client = exchange.client(),
              .site = exchange.site,
              .host = request.host,
              .method = request.method_text,
              .path = asked_for.path,
              .query = asked_for.query,
              .has_query = asked_for.has_query,
              .protocol = http::to_string(request.version),
              .status = exchange.responded() ? exchange.response.status : std::uint16_t{0},
              .request_bytes = exchange.request_body_bytes,
              .response_bytes = exchange.response_body_bytes,
              .head = between(timeline.first_byte, timeline.head_complete),
              .service = between(timeline.head_complete, timeline.response_ready),
              .send = between(timeline.response_ready, finished),
              .tls = facts ? &tls : nullptr,
              .quic = exchange.connection().quic ? &quic : nullptr,
              .upstream = upstream.view(),
              .rule = exchange.rule,
              .cache = http::to_string(exchange.cache),
              .outcome = http::to_string(exchange.outcome),
              .refusal = exchange.refusal ? exchange.refusal->code : base::ErrorCode{},
              .refusal_reason = exchange.refusal ? exchange.refusal->reason : std::string_view{},
              .user = {},
              .referer = request.fields.value(http::FieldId::kReferer),
              .user_agent = request.fields.value(http::FieldId::kUserAgent),
              .request_fields = request_fields.view(),
              .response_fields = response_fields.view()},
             target);
}

void TrafficRecorder::violation(const http::ConnectionInfo& connection, const http::WireEvent& event) {
  metrics_.violations.add(event.code);
  log_.record({.kind = observe::AuditKind::kProtocolViolation,
               .time = clock_.wall(),
               .code = event.code,
               .text = event.what,
               .site = {},
               .connection_id = connection.id,
               .peer = connection.peer});
}

void TrafficRecorder::pass_failed(const http::ConnectionInfo& connection, std::string_view name, std::string_view why) {
  metrics_.passed.failed.add();
  log_.record({.kind = observe::AuditKind::kPassFailed,
               .time = clock_.wall(),
               .code = kPassFailed,
               .text = why,
               .site = name,
               .connection_id = connection.id,
               .peer = connection.peer});
}

void TrafficRecorder::connection_refused(const base::Endpoint& peer, base::ErrorCode code, std::string_view text) {
  metrics_.connections_accepted.add();
  metrics_.connections_closed[observe::ConnectionEnd::kRefused].add();
  log_.record({.kind = observe::AuditKind::kConnectionRefused,
               .time = clock_.wall(),
               .code = code,
               .text = text,
               .site = {},
               .peer = peer});
}

void TrafficRecorder::connection_closed(net::CloseReason reason) { metrics_.connections_closed[end_of(reason)].add(); }

void TrafficRecorder::quic_closed(const quic::ConnectionFacts& facts) {
  auto& quic = metrics_.quic;
  quic.packets_received.add(facts.packets_received);
  quic.packets_sent.add(facts.packets_sent);
  quic.packets_lost.add(facts.packets_lost);
  quic.migrations.add(facts.migrations);
  if (facts.retried) quic.retried.add();
  if (facts.early_data) quic.early_data.add();
  if (facts.smoothed_rtt.count() > 0) quic.round_trip.record(facts.smoothed_rtt);
}

void TrafficRecorder::accepting_paused(const base::Endpoint& address) {
  metrics_.accept_pauses.add();
  log_.record({.kind = observe::AuditKind::kLimitHit,
               .time = clock_.wall(),
               .code = kTooManyConnections,
               .text = "accepting paused: no descriptors left, or the bound of connections is reached",
               .site = address.to_string()});
}

void TrafficRecorder::handshake_done(const tls::Facts& facts) {
  metrics_.handshakes[observe::to_tls_version(facts.version)][observe::to_tls_group(facts.group)].add();
  if (facts.resumed) metrics_.handshakes_resumed.add();
  metrics_.handshake_duration.record(facts.duration);
}

void TrafficRecorder::handshake_failed(const http::ConnectionInfo& connection, const tls::Facts* facts,
                                       const base::Error& error) {
  metrics_.handshake_failures.add(error.code);
  const bool unknown_name = error.code == tls::kUnknownName || error.code == tls::kNameNotPermitted;
  log_.record({.kind = unknown_name ? observe::AuditKind::kUnknownName : observe::AuditKind::kHandshakeFailed,
               .time = clock_.wall(),
               .code = error.code,
               .text = error.what,
               .site = facts ? std::string_view(facts->server_name) : std::string_view{},
               .connection_id = connection.id,
               .peer = connection.peer});
}

}  // namespace gate::server
