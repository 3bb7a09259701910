#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/exchange.h"
#include "http/wire.h"
#include "net/connection.h"
#include "observe/audit.h"
#include "observe/log_producer.h"
#include "observe/worker_metrics.h"
#include "quic/connection.h"
#include "server/plan.h"
#include "server/recent_requests.h"
#include "tls/facts.h"

namespace gate::server {

// The name of a registry's number, kept until another is asked for: most connections have the same.
class LastName {
 public:
  using Lookup = std::string (*)(std::uint16_t number);

  explicit LastName(Lookup lookup) : lookup_(lookup) {}

  // Valid until the next call.
  std::string_view of(std::uint16_t number) {
    if (number_ != number) {
      name_ = lookup_(number);
      number_ = number;
    }
    return name_;
  }

 private:
  Lookup lookup_;
  std::optional<std::uint16_t> number_;
  std::string name_;
};

// Writes down what happened: counts it, and puts it into access and audit log. One a worker.
class TrafficRecorder {
 public:
  TrafficRecorder(const base::Clock& clock, observe::WorkerMetrics& metrics, observe::LogProducer& log)
      : clock_(clock), metrics_(metrics), log_(log) {}

  // `site` is null when none was found; such requests are counted under site number 0 and logged to `unclaimed`.
  void request(const http::Exchange& exchange, const SitePlan* site);
  void violation(const http::ConnectionInfo& connection, const http::WireEvent& event);

  void connection_accepted() { metrics_.connections_accepted.add(); }
  void pass_begun() { metrics_.passed.begun.add(); }
  void pass_ended() { metrics_.passed.ended.add(); }
  void pass_failed(const http::ConnectionInfo& connection, std::string_view name, std::string_view why);
  void connection_refused(const base::Endpoint& peer, base::ErrorCode code, std::string_view text);
  void connection_closed(net::CloseReason reason);
  void quic_closed(const quic::ConnectionFacts& facts);
  void accepting_paused(const base::Endpoint& address);

  void handshake_done(const tls::Facts& facts);
  void handshake_failed(const http::ConnectionInfo& connection, const tls::Facts* facts, const base::Error& error);

  // Where requests that no site took are logged.
  void log_unclaimed_to(observe::LogTarget target) { unclaimed_ = target; }

  // What came to no good answer lately.
  const RecentRequests& recent() const { return recent_; }

 private:
  void count(const http::Exchange& exchange, const SitePlan* site, base::Instant finished);
  void log(const http::Exchange& exchange, const SitePlan* site, observe::LogTarget target, base::Instant finished);

  void audit(const http::Exchange& exchange, observe::AuditKind kind, base::ErrorCode code, std::string_view text);

  const base::Clock& clock_;
  observe::WorkerMetrics& metrics_;
  observe::LogProducer& log_;
  RecentRequests recent_;
  observe::LogTarget unclaimed_;
  LastName version_{tls::version_name};
  LastName suite_{tls::suite_name};
  LastName group_{tls::group_name};
};

}  // namespace gate::server
