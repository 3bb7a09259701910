#include "observe/audit.h"

#include "base/check.h"
#include "observe/access_record.h"
#include "observe/text_writer.h"

namespace gate::observe {
namespace {

constexpr std::size_t kTextBytesMax = 1024;
constexpr std::size_t kSiteBytesMax = 256;

void put_time(TextWriter& out, base::WallTime time) {
  const CalendarTime at = calendar_time(time);
  put_date_time(out, at);
  out.put('.');
  out.put_padded(at.millisecond, 3);
  out.put('Z');
}

void put_code(TextWriter& out, base::ErrorCode code) {
  out.put('G');
  out.put_padded(code.number, 4);
}

void put_text(TextWriter& out, std::string_view key, std::string_view value, std::size_t bytes_max) {
  if (value.empty()) return;
  out.put(key);
  out.put('"');
  out.put_json(value, bytes_max);
  out.put('"');
}

void put_id(TextWriter& out, std::string_view key, std::uint64_t id) {
  if (id == 0) return;
  out.put(key);
  out.put_hex16(id);
  out.put('"');
}

void put_json_event(TextWriter& out, const AuditEvent& event) {
  out.put("{\"time\":\"");
  put_time(out, event.time);
  out.put("\",\"event\":\"");
  out.put(to_string(event.kind));
  out.put('"');
  if (event.code.number != 0) {
    out.put(",\"code\":\"");
    put_code(out, event.code);
    out.put('"');
  }
  put_text(out, ",\"text\":", event.text, kTextBytesMax);
  put_text(out, ",\"site\":", event.site, kSiteBytesMax);
  put_id(out, ",\"connection\":\"", event.connection_id);
  put_id(out, ",\"request\":\"", event.request_id);
  if (event.peer) {
    out.put(",\"client\":\"");
    put_address(out, event.peer->address);
    out.put("\",\"client_port\":");
    out.put_number(event.peer->port);
  }
  if (event.count > 0) {
    out.put(",\"count\":");
    out.put_number(event.count);
  }
  out.put("}\n");
}

// "2026-01-31T10:20:30.123Z handshake_failed G4000 example.com 192.0.2.1: the client offers TLS 1.0 only"
void put_text_event(TextWriter& out, const AuditEvent& event) {
  put_time(out, event.time);
  out.put(' ');
  out.put(to_string(event.kind));
  if (event.code.number != 0) {
    out.put(' ');
    put_code(out, event.code);
  }
  if (!event.site.empty()) {
    out.put(' ');
    out.put_json(event.site, kSiteBytesMax);
  }
  if (event.peer) {
    out.put(' ');
    put_address(out, event.peer->address);
  }
  if (event.request_id != 0) {
    out.put(" request ");
    out.put_hex16(event.request_id);
  }
  if (!event.text.empty()) {
    out.put(": ");
    out.put_json(event.text, kTextBytesMax);
  }
  if (event.count > 0) {
    out.put(" (");
    out.put_number(event.count);
    out.put(')');
  }
  out.put('\n');
}

}  // namespace

std::string_view to_string(AuditKind kind) {
  switch (kind) {
    case AuditKind::kStarted: return "started";
    case AuditKind::kStopping: return "stopping";
    case AuditKind::kStopped: return "stopped";
    case AuditKind::kConfigurationChanged: return "configuration_changed";
    case AuditKind::kConfigurationRejected: return "configuration_rejected";
    case AuditKind::kCertificateIssued: return "certificate_issued";
    case AuditKind::kCertificateRenewed: return "certificate_renewed";
    case AuditKind::kCertificateRevoked: return "certificate_revoked";
    case AuditKind::kAccountChanged: return "account_changed";
    case AuditKind::kCertificateLoaded: return "certificate_loaded";
    case AuditKind::kCertificateProblem: return "certificate_problem";
    case AuditKind::kKeyLogOpened: return "key_log_opened";
    case AuditKind::kHandshakeFailed: return "handshake_failed";
    case AuditKind::kUnknownName: return "unknown_name";
    case AuditKind::kConnectionRefused: return "connection_refused";
    case AuditKind::kRequestRefused: return "request_refused";
    case AuditKind::kScriptMessage: return "script_message";
    case AuditKind::kPassFailed: return "pass_failed";
    case AuditKind::kLimitHit: return "limit_hit";
    case AuditKind::kProtocolViolation: return "protocol_violation";
    case AuditKind::kLogProblem: return "log_problem";
    case AuditKind::kWorkerStalled: return "worker_stalled";
  }
  return "unknown";
}

std::size_t format_audit(AuditFormat format, const AuditEvent& event, std::span<char> room) {
  GATE_CHECK(room.size() >= kAuditLineBytesMax);
  TextWriter out(room);
  if (format == AuditFormat::kJson) {
    put_json_event(out, event);
  } else {
    put_text_event(out, event);
  }
  return out.text().size();
}

}  // namespace gate::observe
