#include "app/metrics/snapshot.h"

#include <algorithm>

namespace gate::app {
namespace {

using observe::ConnectionEnd;
using observe::StatusClass;
using observe::TlsGroup;
using observe::TlsVersion;
using observe::WireProtocol;

void add_codes(const observe::CodeCounters& counters, std::map<std::uint16_t, std::uint64_t>& totals) {
  counters.for_each([&](base::ErrorCode code, std::uint64_t count) { totals[code.number] += count; });
}

void add_site(const observe::SiteMetrics& site, SiteTotals& total) {
  for_each_label<WireProtocol>([&](WireProtocol protocol) {
    for_each_label<StatusClass>(
        [&](StatusClass status) { total.requests[protocol][status] += site.requests[protocol][status].value(); });
  });
  total.request_bytes += site.request_bytes.value();
  total.response_bytes += site.response_bytes.value();
}

bool has_requests(const SiteTotals& site) {
  bool any = false;
  for_each_label<WireProtocol>([&](WireProtocol protocol) {
    for_each_label<StatusClass>([&](StatusClass status) { any = any || site.requests[protocol][status] > 0; });
  });
  return any;
}

void add_quic(const observe::WorkerMetrics::Quic& quic, MetricsSnapshot::Quic& total) {
  total.packets_received += quic.packets_received.value();
  total.packets_sent += quic.packets_sent.value();
  total.packets_lost += quic.packets_lost.value();
  total.migrations += quic.migrations.value();
  total.retried += quic.retried.value();
  total.early_data += quic.early_data.value();
  quic.round_trip.add_to(total.round_trip);
}

void add_datagrams(const observe::WorkerMetrics::Datagrams& datagrams, MetricsSnapshot::Datagrams& total) {
  total.to_workers += datagrams.to_workers.value();
  total.to_processes += datagrams.to_processes.value();
  total.overflowed += datagrams.overflowed.value();
}

void add_passed(const observe::WorkerMetrics::Passed& passed, MetricsSnapshot::Passed& total) {
  total.begun += passed.begun.value();
  total.failed += passed.failed.value();
  total.ended += passed.ended.value();
}

// What is kept is the same on all workers, but for what is under way between them.
void add_cache(const observe::CacheCounters& cache, MetricsSnapshot::Cache& total) {
  total.hits += cache.hits.value();
  total.stale += cache.stale.value();
  total.validated += cache.validated.value();
  total.misses += cache.misses.value();
  total.passes += cache.passes.value();
  total.stored += cache.stored.value();
  total.evicted += cache.evicted.value();
  total.responses = std::max(total.responses, cache.responses.value());
  total.bytes = std::max(total.bytes, cache.bytes.value());
}

void add_worker(const observe::WorkerMetrics& worker, MetricsSnapshot& total) {
  total.connections_accepted += worker.connections_accepted.value();
  total.connections_open += worker.connections_open();
  total.accept_pauses += worker.accept_pauses.value();
  for_each_label<ConnectionEnd>(
      [&](ConnectionEnd end) { total.connections_closed[end] += worker.connections_closed[end].value(); });
  for_each_label<TlsVersion>([&](TlsVersion version) {
    for_each_label<TlsGroup>(
        [&](TlsGroup group) { total.handshakes[version][group] += worker.handshakes[version][group].value(); });
  });
  total.handshakes_resumed += worker.handshakes_resumed.value();
  add_codes(worker.handshake_failures, total.handshake_failures);
  worker.handshake_duration.add_to(total.handshake_duration);
  for_each_label<WireProtocol>(
      [&](WireProtocol protocol) { worker.request_duration[protocol].add_to(total.request_duration[protocol]); });
  add_codes(worker.refusals, total.refusals);
  add_codes(worker.violations, total.violations);
  total.bytes_received += worker.bytes_received.value();
  total.bytes_sent += worker.bytes_sent.value();
  add_quic(worker.quic, total.quic);
  add_datagrams(worker.datagrams, total.datagrams);
  add_passed(worker.passed, total.passed);
  add_cache(worker.cache, total.cache);
  total.stalls += worker.stalls.value();
  total.longest_stall_microseconds =
      std::max(total.longest_stall_microseconds, worker.longest_stall_microseconds.value());
}

// Numbers without a name, and the slot that all numbers above the bound share, are shown as one site.
std::vector<SiteTotals> add_sites(const MetricsSources& sources) {
  std::vector<SiteTotals> sites;
  SiteTotals other{.name = "other"};
  const std::size_t slots = sources.workers.empty() ? 0 : sources.workers.front()->sites().size();
  for (std::size_t number = 0; number < slots; ++number) {
    const bool shared = number + 1 == slots;
    const bool named = !shared && number < sources.site_names.size() && !sources.site_names[number].empty();
    SiteTotals site;
    SiteTotals& total = named ? site : other;
    for (const auto* worker : sources.workers) add_site(worker->sites()[number], total);
    if (!named) continue;
    site.name = sources.site_names[number];
    sites.push_back(std::move(site));
  }
  if (has_requests(other)) sites.push_back(std::move(other));
  return sites;
}

void add_server(const client::ServerRecord& record, base::Instant now, ServerTotals& total) {
  ++total.records;
  if (record.is_up(now)) ++total.up;
  total.in_flight += record.in_flight.value();
  total.retries += record.retries.value();
  for_each_label<StatusClass>([&](StatusClass status) { total.responses[status] += record.responses[status].value(); });
  for (std::size_t fault = 0; fault < http::kCallFaults; ++fault) total.faults[fault] += record.faults[fault].value();
  record.queue_time.add_to(total.queue_time);
  record.connect_time.add_to(total.connect_time);
  record.first_byte_time.add_to(total.first_byte_time);
}

}  // namespace

MetricsSnapshot take_snapshot(const MetricsSources& sources) {
  MetricsSnapshot total{.process = sources.process};
  for (const auto* worker : sources.workers) add_worker(*worker, total);
  total.sites = add_sites(sources);
  for (const auto* records : sources.servers) {
    records->for_each(
        [&](const client::ServerRecord& record) { add_server(record, sources.now, total.servers[record.name]); });
  }
  total.certificates = sources.certificates;
  total.alarms = sources.alarms;
  if (const OnDemandCounters* counters = sources.on_demand; counters != nullptr) {
    total.on_demand = {.names = counters->names.value(),
                       .issued = counters->issued.value(),
                       .refused = counters->refused.value(),
                       .failed = counters->failed.value(),
                       .limited = counters->limited.value()};
  }
  total.orders = sources.orders;
  total.logs = sources.logs;
  total.log_overruns = sources.log_overruns;
  return total;
}

}  // namespace gate::app
