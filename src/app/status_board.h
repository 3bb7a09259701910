#pragma once

#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "alert/notice.h"
#include "app/application.h"
#include "app/metrics/snapshot.h"

namespace gate::app {

// What status and metrics show, for threads other than the control thread: it publishes what only it may look at, the
// rest is counters that anybody may read.
class StatusBoard {
 public:
  // Everything given outlives the board.
  StatusBoard(const Application& application, const base::Clock& clock);

  // Control thread: after every change of the configuration or the certificates.
  void publish();
  void publish_orders(OrdersByAuthority orders);
  void publish_alarms(std::span<const alert::Problem> problems);

  // Any thread.
  MetricsSnapshot snapshot() const;

 private:
  const Application& application_;
  const base::Clock& clock_;
  const std::vector<const observe::WorkerMetrics*> workers_;
  const std::vector<const client::ServerRecords*> servers_;  // of each worker
  mutable std::mutex mutex_;                                 // guards what follows
  std::vector<std::string> site_names_;
  std::vector<CertificateExpiry> certificates_;
  std::vector<CertificateAlarm> alarms_;
  OrdersByAuthority orders_;
};

}  // namespace gate::app
