#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "app/on_demand/on_demand_counters.h"
#include "base/clock.h"
#include "client/server_record.h"
#include "http/call.h"
#include "observe/histogram.h"
#include "observe/worker_metrics.h"

namespace gate::app {

// What is known of the process as a whole.
struct ProcessFacts {
  std::string version;
  base::WallTime now{};
  base::WallTime started{};
  std::size_t workers = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t descriptor_limit = 0;
};

// A certificate in use.
struct CertificateExpiry {
  std::string site;
  std::string key_type;  // "ECDSA P-256": a site may have several
  base::WallTime expires{};
};

// Something that is wrong with a certificate in use.
struct CertificateAlarm {
  std::string site;
  std::string concern;  // "expires_soon"
};

// What has become of the orders at one certificate authority.
struct OrderTotals {
  std::uint64_t begun = 0;
  std::uint64_t issued = 0;
  std::uint64_t failed = 0;
};
using OrdersByAuthority = std::map<std::string, OrderTotals>;  // by its host

// The lines of one log destination.
struct LogLines {
  std::string destination;
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;
};

// What the composition root gathers for one scrape.
struct MetricsSources {
  ProcessFacts process;
  std::span<const observe::WorkerMetrics* const> workers;
  std::span<const client::ServerRecords* const> servers{};  // of each worker
  base::Instant now{};
  std::vector<std::string> site_names;  // by the number that requests are counted under; empty: not in use
  std::vector<CertificateExpiry> certificates;
  std::vector<CertificateAlarm> alarms{};
  const OnDemandCounters* on_demand = nullptr;  // null: nothing is ordered on demand
  OrdersByAuthority orders{};
  std::vector<LogLines> logs;
  std::uint64_t log_overruns = 0;  // lines lost because a worker's ring was full
};

template <class Enum, class Value = std::uint64_t>
using Totals = observe::ByEnum<Enum, Value>;

// What one site served.
struct SiteTotals {
  std::string name;
  Totals<observe::WireProtocol, Totals<observe::StatusClass>> requests{};
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
};

// How one server behind has been doing.
struct ServerTotals {
  std::uint32_t records = 0;  // of workers and of statements that check it differently
  std::uint32_t up = 0;       // of these, the ones that would ask it now
  std::uint64_t in_flight = 0;
  std::uint64_t retries = 0;
  Totals<observe::StatusClass> responses{};
  std::array<std::uint64_t, http::kCallFaults> faults{};
  observe::HistogramSnapshot queue_time{};
  observe::HistogramSnapshot connect_time{};
  observe::HistogramSnapshot first_byte_time{};
};

// The workers' counters, added up at one moment: a plain value.
struct MetricsSnapshot {
  ProcessFacts process;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t accept_pauses = 0;
  Totals<observe::ConnectionEnd> connections_closed{};
  Totals<observe::TlsVersion, Totals<observe::TlsGroup>> handshakes{};
  std::uint64_t handshakes_resumed = 0;
  std::map<std::uint16_t, std::uint64_t> handshake_failures{};  // by code
  observe::HistogramSnapshot handshake_duration{};
  Totals<observe::WireProtocol, observe::HistogramSnapshot> request_duration{};
  std::map<std::uint16_t, std::uint64_t> refusals{};
  std::map<std::uint16_t, std::uint64_t> violations{};
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  struct Quic {
    std::uint64_t packets_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_lost = 0;
    std::uint64_t migrations = 0;
    std::uint64_t retried = 0;
    std::uint64_t early_data = 0;
    observe::HistogramSnapshot round_trip{};
  };
  Quic quic{};  // of connections that have ended
  struct Datagrams {
    std::uint64_t to_workers = 0;
    std::uint64_t to_processes = 0;
    std::uint64_t overflowed = 0;
  };
  Datagrams datagrams{};  // of QUIC's sockets
  struct Passed {
    std::uint64_t begun = 0;
    std::uint64_t failed = 0;
    std::uint64_t ended = 0;
  };
  Passed passed{};  // connections that `pass` statements take
  struct Cache {
    std::uint64_t hits = 0;
    std::uint64_t stale = 0;
    std::uint64_t validated = 0;
    std::uint64_t misses = 0;
    std::uint64_t passes = 0;
    std::uint64_t stored = 0;
    std::uint64_t evicted = 0;
    std::uint64_t responses = 0;  // kept now
    std::uint64_t bytes = 0;
  };
  Cache cache{};
  struct OnDemand {
    std::size_t names = 0;
    std::uint64_t issued = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;
    std::uint64_t limited = 0;
  };
  OnDemand on_demand{};  // names whose certificates are ordered when a client asks for them
  std::uint64_t stalls = 0;
  std::uint64_t longest_stall_microseconds = 0;
  std::vector<SiteTotals> sites{};  // those in use, and "other" for requests of no site and of too many sites
  std::map<std::string, ServerTotals> servers{};  // those that are configured now, by name
  std::vector<CertificateExpiry> certificates{};
  std::vector<CertificateAlarm> alarms{};
  OrdersByAuthority orders{};
  std::vector<LogLines> logs{};
  std::uint64_t log_overruns = 0;
};

MetricsSnapshot take_snapshot(const MetricsSources& sources);

// Calls `visit(key)` for each value of one of the closed enums of labels.
template <class Enum, class Visit>
void for_each_label(Visit visit) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Enum::kCount); ++i) visit(static_cast<Enum>(i));
}

}  // namespace gate::app
