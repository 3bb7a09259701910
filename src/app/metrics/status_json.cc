#include <nlohmann/json.hpp>

#include <chrono>

#include "app/metrics/status.h"
#include "base/error.h"

namespace gate::app {
namespace {

using nlohmann::json;
using observe::ConnectionEnd;
using observe::StatusClass;
using observe::TlsGroup;
using observe::TlsVersion;
using observe::WireProtocol;

std::int64_t to_timestamp(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Counts under their names; zeros are left out.
void put_count(json& into, std::string_view name, std::uint64_t count) {
  if (count == 0) return;
  json& total = into[std::string(name)];
  total = total.is_null() ? count : total.get<std::uint64_t>() + count;
}

json codes_json(const std::map<std::uint16_t, std::uint64_t>& codes) {
  json result = json::object();
  for (const auto& [number, count] : codes) {
    put_count(result, number == 0 ? "other" : base::to_string(base::ErrorCode{number}), count);
  }
  return result;
}

json connections_json(const MetricsSnapshot& snapshot) {
  json closed = json::object();
  for_each_label<ConnectionEnd>(
      [&](ConnectionEnd end) { put_count(closed, to_string(end), snapshot.connections_closed[end]); });
  return {{"open", snapshot.connections_open},         {"accepted", snapshot.connections_accepted},
          {"accept_pauses", snapshot.accept_pauses},   {"closed", closed},
          {"received_bytes", snapshot.bytes_received}, {"sent_bytes", snapshot.bytes_sent}};
}

json handshakes_json(const MetricsSnapshot& snapshot) {
  json versions = json::object();
  json groups = json::object();
  std::uint64_t complete = 0;
  for_each_label<TlsVersion>([&](TlsVersion version) {
    for_each_label<TlsGroup>([&](TlsGroup group) {
      const std::uint64_t count = snapshot.handshakes[version][group];
      put_count(versions, to_string(version), count);
      put_count(groups, to_string(group), count);
      complete += count;
    });
  });
  return {{"complete", complete},
          {"resumed", snapshot.handshakes_resumed},
          {"versions", versions},
          {"groups", groups},
          {"failures", codes_json(snapshot.handshake_failures)},
          {"p50_us", snapshot.handshake_duration.quantile(0.5)},
          {"p99_us", snapshot.handshake_duration.quantile(0.99)}};
}

json requests_json(const MetricsSnapshot& snapshot) {
  json protocols = json::object();
  json statuses = json::object();
  std::uint64_t count = 0;
  for (const SiteTotals& site : snapshot.sites) {
    for_each_label<WireProtocol>([&](WireProtocol protocol) {
      for_each_label<StatusClass>([&](StatusClass status) {
        put_count(protocols, to_string(protocol), site.requests[protocol][status]);
        put_count(statuses, to_string(status), site.requests[protocol][status]);
        count += site.requests[protocol][status];
      });
    });
  }
  json latency = json::object();
  for_each_label<WireProtocol>([&](WireProtocol protocol) {
    const auto& histogram = snapshot.request_duration[protocol];
    if (histogram.count == 0) return;
    latency[std::string(to_string(protocol))] = {{"p50_us", histogram.quantile(0.5)},
                                                 {"p99_us", histogram.quantile(0.99)}};
  });
  return {{"count", count},
          {"protocols", protocols},
          {"statuses", statuses},
          {"latency", latency},
          {"refusals", codes_json(snapshot.refusals)},
          {"violations", codes_json(snapshot.violations)}};
}

json site_json(const SiteTotals& site) {
  json statuses = json::object();
  for_each_label<WireProtocol>([&](WireProtocol protocol) {
    for_each_label<StatusClass>(
        [&](StatusClass status) { put_count(statuses, to_string(status), site.requests[protocol][status]); });
  });
  return {{"name", site.name},
          {"statuses", statuses},
          {"request_bytes", site.request_bytes},
          {"response_bytes", site.response_bytes}};
}

}  // namespace

json status_json(const MetricsSnapshot& snapshot) {
  const ProcessFacts& process = snapshot.process;
  json status{{"version", process.version},
              {"now", to_timestamp(process.now)},
              {"started", to_timestamp(process.started)},
              {"workers", process.workers},
              {"resident_bytes", process.resident_bytes},
              {"open_descriptors", process.open_descriptors},
              {"descriptor_limit", process.descriptor_limit},
              {"connections", connections_json(snapshot)},
              {"handshakes", handshakes_json(snapshot)},
              {"requests", requests_json(snapshot)},
              {"quic",
               {{"packets_received", snapshot.quic.packets_received},
                {"packets_sent", snapshot.quic.packets_sent},
                {"packets_lost", snapshot.quic.packets_lost},
                {"migrations", snapshot.quic.migrations},
                {"retried", snapshot.quic.retried},
                {"early_data", snapshot.quic.early_data},
                {"round_trip_p50_us", snapshot.quic.round_trip.quantile(0.5)},
                {"passed_to_workers", snapshot.datagrams.to_workers},
                {"passed_to_processes", snapshot.datagrams.to_processes},
                {"overflowed", snapshot.datagrams.overflowed}}},
              {"stalls", {{"count", snapshot.stalls}, {"longest_us", snapshot.longest_stall_microseconds}}},
              {"sites", json::array()},
              {"certificates", json::array()},
              {"orders", json::array()},
              {"alarms", json::array()},
              {"logs", json::array()},
              {"log_overruns", snapshot.log_overruns}};
  for (const SiteTotals& site : snapshot.sites) status["sites"].push_back(site_json(site));
  for (const CertificateExpiry& certificate : snapshot.certificates) {
    status["certificates"].push_back(
        {{"site", certificate.site}, {"key", certificate.key_type}, {"expires", to_timestamp(certificate.expires)}});
  }
  for (const auto& [authority, orders] : snapshot.orders) {
    status["orders"].push_back({{"authority", authority},
                                {"under_way", orders.begun - orders.issued - orders.failed},
                                {"issued", orders.issued},
                                {"failed", orders.failed}});
  }
  for (const CertificateAlarm& alarm : snapshot.alarms)
    status["alarms"].push_back({{"site", alarm.site}, {"concern", alarm.concern}});
  for (const LogLines& log : snapshot.logs) {
    status["logs"].push_back({{"destination", log.destination}, {"written", log.written}, {"lost", log.dropped}});
  }
  return status;
}

}  // namespace gate::app
