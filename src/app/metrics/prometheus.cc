#include "app/metrics/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "base/error.h"

namespace gate::app {
namespace {

using observe::ConnectionEnd;
using observe::StatusClass;
using observe::TlsGroup;
using observe::TlsVersion;
using observe::WireProtocol;

constexpr unsigned kFirstBoundPower = 8;  // 256 µs
constexpr unsigned kLastBoundPower = 24;  // 16.8 s

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

double to_seconds(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }

std::int64_t to_timestamp(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Writes one metric after the other: its head once, then its values.
class Exposition {
 public:
  std::string take() { return std::move(text_); }

  Exposition& metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    put("# HELP gate443_{} {}\n# TYPE gate443_{} {}\n", name, help, name, type);
    return *this;
  }
  Exposition& counter(std::string_view name, std::string_view help) { return metric(name, "counter", help); }
  Exposition& gauge(std::string_view name, std::string_view help) { return metric(name, "gauge", help); }

  template <class Number>
  Exposition& value(Number number, Labels labels = {}) {
    return sample("", labels, number);
  }

  void histogram(const observe::HistogramSnapshot& histogram, Labels labels) {
    for (unsigned power = kFirstBoundPower; power <= kLastBoundPower; ++power) {
      const std::uint64_t bound = std::uint64_t{1} << power;
      bucket(fmt::to_string(to_seconds(bound)), labels, histogram.below(bound));
    }
    bucket("+Inf", labels, histogram.count);
    sample("_sum", labels, to_seconds(histogram.sum_microseconds));
    sample("_count", labels, histogram.count);
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
  }

  template <class Number>
  Exposition& sample(std::string_view suffix, Labels labels, Number number) {
    put("gate443_{}{}", name_, suffix);
    char separator = '{';
    for (const Label& label : labels) {
      put_label(separator, label);
      separator = ',';
    }
    put("{} {}\n", labels.size() == 0 ? "" : "}", number);
    return *this;
  }

  void bucket(std::string_view bound, Labels labels, std::uint64_t count) {
    put("gate443_{}_bucket{{", name_);
    for (const Label& label : labels) {
      put_label('\0', label);
      text_ += ',';
    }
    put("le=\"{}\"}} {}\n", bound, count);
  }

  void put_label(char separator, const Label& label) {
    if (separator != '\0') text_ += separator;
    put("{}=\"", label.name);
    for (const char c : label.value) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  std::string text_;
  std::string_view name_;
};

void put_codes(Exposition& out, const std::map<std::uint16_t, std::uint64_t>& codes) {
  for (const auto& [number, count] : codes) {
    out.value(count, {{"code", number == 0 ? "other" : base::to_string(base::ErrorCode{number})}});
  }
}

void put_process(Exposition& out, const ProcessFacts& process) {
  out.gauge("info", "The program; the value is always 1.").value(1, {{"version", process.version}});
  out.gauge("start_time_seconds", "When the process started, in seconds since 1970.")
      .value(to_timestamp(process.started));
  out.gauge("workers", "Worker threads.").value(process.workers);
  out.gauge("resident_memory_bytes", "Memory of the process that is in RAM.").value(process.resident_bytes);
  out.gauge("open_descriptors", "Open file descriptors.").value(process.open_descriptors);
  out.gauge("descriptor_limit", "The limit of open file descriptors.").value(process.descriptor_limit);
}

void put_connections(Exposition& out, const MetricsSnapshot& snapshot) {
  out.counter("connections_accepted_total", "Connections accepted.").value(snapshot.connections_accepted);
  out.gauge("connections_open", "Connections open now.").value(snapshot.connections_open);
  out.counter("connections_closed_total", "Connections closed, by reason.");
  for_each_label<ConnectionEnd>(
      [&](ConnectionEnd end) { out.value(snapshot.connections_closed[end], {{"reason", to_string(end)}}); });
  out.counter("accept_pauses_total", "How often a limit of descriptors or connections stopped accepting for a while.")
      .value(snapshot.accept_pauses);
  out.counter("received_bytes_total", "Bytes received from sockets.").value(snapshot.bytes_received);
  out.counter("sent_bytes_total", "Bytes sent to sockets.").value(snapshot.bytes_sent);
}

void put_handshakes(Exposition& out, const MetricsSnapshot& snapshot) {
  out.counter("handshakes_total", "TLS handshakes, by version, key exchange group and result.");
  for_each_label<TlsVersion>([&](TlsVersion version) {
    for_each_label<TlsGroup>([&](TlsGroup group) {
      const std::uint64_t count = snapshot.handshakes[version][group];
      if (count == 0) return;
      out.value(count, {{"version", to_string(version)}, {"group", to_string(group)}, {"result", "complete"}});
    });
  });
  std::uint64_t failed = 0;
  for (const auto& [code, count] : snapshot.handshake_failures) failed += count;
  out.value(failed, {{"version", "none"}, {"group", "none"}, {"result", "failed"}});
  out.counter("handshake_failures_total", "Failed TLS handshakes, by error code.");
  put_codes(out, snapshot.handshake_failures);
  out.counter("handshakes_resumed_total", "TLS handshakes that resumed an earlier session.")
      .value(snapshot.handshakes_resumed);
  out.metric("handshake_duration_seconds", "histogram", "From the first byte to the end of the TLS handshake.")
      .histogram(snapshot.handshake_duration, {});
}

void put_quic(Exposition& out, const MetricsSnapshot::Quic& quic) {
  out.counter("quic_packets_received_total", "Packets of QUIC connections that have ended.")
      .value(quic.packets_received);
  out.counter("quic_packets_sent_total", "Packets sent on QUIC connections that have ended.").value(quic.packets_sent);
  out.counter("quic_packets_lost_total", "Of those, the ones lost on the way.").value(quic.packets_lost);
  out.counter("quic_migrations_total", "Times a client went on from a new address.").value(quic.migrations);
  out.counter("quic_retried_total", "Connections whose client had to show its address first.").value(quic.retried);
  out.counter("quic_early_data_total", "Connections with requests in early data.").value(quic.early_data);
  out.metric("quic_round_trip_seconds", "histogram", "Round-trip times of QUIC connections when they ended.")
      .histogram(quic.round_trip, {});
}

void put_datagrams(Exposition& out, const MetricsSnapshot::Datagrams& datagrams) {
  out.counter("quic_datagrams_passed_on_total",
              "Datagrams that came to another worker or process than their connection's.")
      .value(datagrams.to_workers, {{"to", "worker"}})
      .value(datagrams.to_processes, {{"to", "process"}});
  out.counter("quic_datagrams_overflowed_total", "Datagrams that the system threw away: nobody received them in time.")
      .value(datagrams.overflowed);
}

void put_passed(Exposition& out, const MetricsSnapshot::Passed& passed) {
  out.counter("passed_connections_total", "Connections that were passed on to another server as they are.")
      .value(passed.begun);
  out.counter("passed_failures_total", "Of them, those whose server was not to be reached.").value(passed.failed);
  out.gauge("passed_connections_open", "Those that are open now.")
      .value(passed.begun - std::min(passed.begun, passed.ended));
}

void put_cache(Exposition& out, const MetricsSnapshot::Cache& cache) {
  out.counter("cache_requests_total", "Requests that met a cache, by what came of them.")
      .value(cache.hits, {{"result", "hit"}})
      .value(cache.stale, {{"result", "stale"}})
      .value(cache.validated, {{"result", "validated"}})
      .value(cache.misses, {{"result", "miss"}})
      .value(cache.passes, {{"result", "pass"}});
  out.counter("cache_stored_total", "Responses that were put into a cache.").value(cache.stored);
  out.counter("cache_evicted_total", "Responses that made room for others.").value(cache.evicted);
  out.gauge("cache_responses", "Responses that are kept.").value(cache.responses);
  out.gauge("cache_bytes", "Memory that they take.").value(cache.bytes);
}

void put_on_demand(Exposition& out, const MetricsSnapshot::OnDemand& names) {
  out.gauge("on_demand_names", "Names that have got their certificate on demand.").value(names.names);
  out.counter("on_demand_total", "New names that a certificate was asked for, by what came of it.")
      .value(names.issued, {{"result", "issued"}})
      .value(names.refused, {{"result", "refused"}})
      .value(names.failed, {{"result", "failed"}})
      .value(names.limited, {{"result", "limited"}});
}

void put_requests(Exposition& out, const MetricsSnapshot& snapshot) {
  out.counter("requests_total", "Requests, by site, protocol and class of the response's status.");
  for (const SiteTotals& site : snapshot.sites) {
    for_each_label<WireProtocol>([&](WireProtocol protocol) {
      for_each_label<StatusClass>([&](StatusClass status) {
        const std::uint64_t count = site.requests[protocol][status];
        if (count == 0) return;
        out.value(count, {{"site", site.name}, {"protocol", to_string(protocol)}, {"status", to_string(status)}});
      });
    });
  }
  out.counter("request_bytes_total", "Bytes of request bodies, by site.");
  for (const SiteTotals& site : snapshot.sites) out.value(site.request_bytes, {{"site", site.name}});
  out.counter("response_bytes_total", "Bytes of response bodies, by site.");
  for (const SiteTotals& site : snapshot.sites) out.value(site.response_bytes, {{"site", site.name}});
  out.metric("request_duration_seconds", "histogram", "From the first byte of a request to the end of its response.");
  for_each_label<WireProtocol>([&](WireProtocol protocol) {
    out.histogram(snapshot.request_duration[protocol], {{"protocol", to_string(protocol)}});
  });
  out.counter("refusals_total", "Requests that were refused, by error code.");
  put_codes(out, snapshot.refusals);
  out.counter("violations_total", "Violations of a protocol and attacks, by error code.");
  put_codes(out, snapshot.violations);
}

using Servers = std::map<std::string, ServerTotals>;

void put_server_times(Exposition& out, const Servers& servers, std::string_view name, std::string_view help,
                      observe::HistogramSnapshot ServerTotals::* time) {
  out.metric(name, "histogram", help);
  for (const auto& [server, totals] : servers) out.histogram(totals.*time, {{"server", server}});
}

void put_servers(Exposition& out, const Servers& servers) {
  out.gauge("upstream_up", "The share of workers that would ask a server now: 1 all, 0 none.");
  for (const auto& [server, totals] : servers) {
    out.value(static_cast<double>(totals.up) / totals.records, {{"server", server}});
  }
  out.gauge("upstream_in_flight", "Requests at a server now.");
  for (const auto& [server, totals] : servers) out.value(totals.in_flight, {{"server", server}});
  out.counter("upstream_requests_total", "Requests a server was sent, by class of its response's status.");
  for (const auto& [server, totals] : servers) {
    for_each_label<StatusClass>([&](StatusClass status) {
      const std::uint64_t count = totals.responses[status];
      if (count > 0) out.value(count, {{"server", server}, {"status", to_string(status)}});
    });
  }
  out.counter("upstream_retries_total", "Of these, those that had been sent to a server before.");
  for (const auto& [server, totals] : servers) out.value(totals.retries, {{"server", server}});
  out.counter("upstream_failures_total", "Requests that came to no response or to no end of it, by what went wrong.");
  for (const auto& [server, totals] : servers) {
    for (std::size_t fault = 0; fault < http::kCallFaults; ++fault) {
      const std::uint64_t count = totals.faults[fault];
      const auto error = to_string(static_cast<http::CallFault>(fault));
      if (count > 0) out.value(count, {{"server", server}, {"error", error}});
    }
  }
  put_server_times(out, servers, "upstream_queue_seconds", "How long requests waited for a connection to become free.",
                   &ServerTotals::queue_time);
  put_server_times(out, servers, "upstream_connect_seconds", "How long requests waited for a connection to be made.",
                   &ServerTotals::connect_time);
  put_server_times(out, servers, "upstream_first_byte_seconds", "From a request that is sent to its response's head.",
                   &ServerTotals::first_byte_time);
}

void put_health(Exposition& out, const MetricsSnapshot& snapshot) {
  out.counter("stalls_total", "Turns of a worker's loop that took too long.").value(snapshot.stalls);
  out.gauge("longest_stall_seconds", "The longest such turn.").value(to_seconds(snapshot.longest_stall_microseconds));
  out.counter("log_lines_total", "Log lines written, by destination.");
  for (const LogLines& log : snapshot.logs) out.value(log.written, {{"destination", log.destination}});
  out.counter("log_lines_lost_total", "Log lines lost because their destination failed or was too slow.");
  for (const LogLines& log : snapshot.logs) out.value(log.dropped, {{"destination", log.destination}});
  out.counter("log_overruns_total", "Log lines lost because they came faster than they could be written.")
      .value(snapshot.log_overruns);
  out.gauge("certificate_expiry_timestamp_seconds", "When a certificate in use expires, in seconds since 1970.");
  for (const CertificateExpiry& certificate : snapshot.certificates) {
    out.value(to_timestamp(certificate.expires), {{"site", certificate.site}, {"key", certificate.key_type}});
  }
  out.gauge("certificate_alarm", "1 as long as something is wrong with a certificate in use.");
  for (const CertificateAlarm& alarm : snapshot.alarms)
    out.value(1, {{"site", alarm.site}, {"concern", alarm.concern}});
  out.counter("certificate_orders_begun_total", "Orders begun at certificate authorities.");
  for (const auto& [authority, orders] : snapshot.orders) out.value(orders.begun, {{"authority", authority}});
  out.counter("certificate_orders_total", "Orders at certificate authorities that have ended, by result.");
  for (const auto& [authority, orders] : snapshot.orders) {
    out.value(orders.issued, {{"authority", authority}, {"result", "issued"}});
    out.value(orders.failed, {{"authority", authority}, {"result", "failed"}});
  }
}

}  // namespace

std::string render_prometheus(const MetricsSnapshot& snapshot) {
  Exposition out;
  put_process(out, snapshot.process);
  put_connections(out, snapshot);
  put_handshakes(out, snapshot);
  put_quic(out, snapshot.quic);
  put_datagrams(out, snapshot.datagrams);
  put_passed(out, snapshot.passed);
  put_cache(out, snapshot.cache);
  put_on_demand(out, snapshot.on_demand);
  put_requests(out, snapshot);
  put_servers(out, snapshot.servers);
  put_health(out, snapshot);
  return out.take();
}

}  // namespace gate::app
