#include "app/status_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/about.h"
#include "os/limits.h"

namespace gate::app {

StatusBoard::StatusBoard(const Application& application, const base::Clock& clock)
    : application_(application),
      clock_(clock),
      workers_(application.workers().metrics()),
      servers_(application.workers().servers()) {
  publish();
}

void StatusBoard::publish() {
  std::vector<CertificateExpiry> certificates;
  for (std::size_t i = 0; i < application_.credentials().size(); ++i) {
    for (const auto& credential : application_.credentials()[i].credentials) {
      certificates.push_back({.site = application_.settings().sites[i].name(),
                              .key_type = credential.leaf().key_text(),
                              .expires = credential.leaf().not_after()});
    }
  }
  const std::lock_guard lock(mutex_);
  site_names_ = application_.site_numbers().names();
  certificates_ = std::move(certificates);
}

void StatusBoard::publish_orders(OrdersByAuthority orders) {
  const std::lock_guard lock(mutex_);
  orders_ = std::move(orders);
}

void StatusBoard::publish_alarms(std::span<const alert::Problem> problems) {
  std::vector<CertificateAlarm> alarms;
  // Two certificates of one site may have the same trouble; a metric is there once.
  for (const auto& problem : problems) {
    const auto is_same = [&](const CertificateAlarm& each) {
      return each.site == problem.subject && each.concern == problem.concern;
    };
    if (std::ranges::none_of(alarms, is_same)) alarms.push_back({problem.subject, problem.concern});
  }
  const std::lock_guard lock(mutex_);
  alarms_ = std::move(alarms);
}

MetricsSnapshot StatusBoard::snapshot() const {
  MetricsSources sources{.process = {.version = std::string(version()),
                                     .now = clock_.wall(),
                                     .started = application_.started_at(),
                                     .workers = workers_.size(),
                                     .resident_bytes = os::resident_bytes(),
                                     .open_descriptors = os::open_descriptors(),
                                     .descriptor_limit = application_.descriptor_limit()},
                         .workers = workers_,
                         .servers = servers_,
                         .now = clock_.now(),
                         .site_names = {},
                         .certificates = {},
                         .on_demand = &application_.on_demand_names().counters(),
                         .logs = {}};
  {
    const std::lock_guard lock(mutex_);
    sources.site_names = site_names_;
    sources.certificates = certificates_;
    sources.alarms = alarms_;
    sources.orders = orders_;
  }
  for (auto& facts : application_.logs().facts())
    sources.logs.push_back({facts.destination, facts.written, facts.dropped});
  sources.log_overruns = application_.logs().ring_drops();
  return take_snapshot(sources);
}

}  // namespace gate::app
