#include "observe/worker_metrics.h"

namespace gate::observe {

std::string_view to_string(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls12: return "TLSv1.2";
    case TlsVersion::kTls13: return "TLSv1.3";
    case TlsVersion::kOther:
    case TlsVersion::kCount: break;
  }
  return "other";
}

std::string_view to_string(TlsGroup group) {
  switch (group) {
    case TlsGroup::kX25519MlKem768: return "X25519MLKEM768";
    case TlsGroup::kX25519: return "X25519";
    case TlsGroup::kP256: return "P-256";
    case TlsGroup::kP384: return "P-384";
    case TlsGroup::kOther:
    case TlsGroup::kCount: break;
  }
  return "other";
}

std::string_view to_string(WireProtocol protocol) {
  switch (protocol) {
    case WireProtocol::kHttp1: return "HTTP/1";
    case WireProtocol::kHttp2: return "HTTP/2";
    case WireProtocol::kHttp3: return "HTTP/3";
    case WireProtocol::kCount: break;
  }
  return "other";
}

std::string_view to_string(StatusClass status) {
  switch (status) {
    case StatusClass::k1xx: return "1xx";
    case StatusClass::k2xx: return "2xx";
    case StatusClass::k3xx: return "3xx";
    case StatusClass::k4xx: return "4xx";
    case StatusClass::k5xx: return "5xx";
    case StatusClass::kNone:
    case StatusClass::kCount: break;
  }
  return "none";
}

std::string_view to_string(ConnectionEnd end) {
  switch (end) {
    case ConnectionEnd::kClient: return "client";
    case ConnectionEnd::kServer: return "server";
    case ConnectionEnd::kIdle: return "idle";
    case ConnectionEnd::kHandshakeFailed: return "handshake_failed";
    case ConnectionEnd::kHandshakeTimeout: return "handshake_timeout";
    case ConnectionEnd::kDeadline: return "deadline";
    case ConnectionEnd::kViolation: return "violation";
    case ConnectionEnd::kRefused: return "refused";
    case ConnectionEnd::kDrained: return "drained";
    case ConnectionEnd::kError:
    case ConnectionEnd::kCount: break;
  }
  return "error";
}

TlsVersion to_tls_version(std::uint16_t number) {
  switch (number) {
    case 0x0303: return TlsVersion::kTls12;
    case 0x0304: return TlsVersion::kTls13;
    default: return TlsVersion::kOther;
  }
}

TlsGroup to_tls_group(std::uint16_t number) {
  switch (number) {
    case 0x11ec: return TlsGroup::kX25519MlKem768;
    case 0x001d: return TlsGroup::kX25519;
    case 0x0017: return TlsGroup::kP256;
    case 0x0018: return TlsGroup::kP384;
    default: return TlsGroup::kOther;
  }
}

StatusClass to_status_class(std::uint16_t status) {
  if (status < 100 || status > 599) return StatusClass::kNone;
  return static_cast<StatusClass>(status / 100);
}

void CodeCounters::add(base::ErrorCode code) {
  if (code.number == 0) return others_.add();
  for (std::size_t i = 0; i < kCodesMax; ++i) {
    Entry& entry = entries_[(code.number + i) % kCodesMax];
    const std::uint16_t number = entry.number.load(std::memory_order_relaxed);
    if (number == 0) entry.number.store(code.number, std::memory_order_relaxed);
    if (number == 0 || number == code.number) return entry.count.add();
  }
  others_.add();
}

std::uint64_t WorkerMetrics::connections_open() const {
  std::uint64_t closed = 0;
  for (std::size_t i = 0; i < ByEnum<ConnectionEnd>::kSize; ++i) {
    closed += connections_closed[static_cast<ConnectionEnd>(i)].value();
  }
  // The reader may see an end before its beginning.
  const std::uint64_t accepted = connections_accepted.value();
  return accepted > closed ? accepted - closed : 0;
}

void WorkerMetrics::note_stall(base::Duration duration) {
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) / 1000;
  const std::uint64_t longest = longest_stall_microseconds.value();
  stalls.add();
  if (microseconds > longest) longest_stall_microseconds.add(microseconds - longest);
}

}  // namespace gate::observe
