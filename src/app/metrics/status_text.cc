#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "app/metrics/status.h"

namespace gate::app {
namespace {

using nlohmann::json;

constexpr std::size_t kSitesShown = 20;
constexpr std::size_t kCodesShown = 4;
constexpr std::size_t kNameColumns = 28;

const json kNothing;

const json& member(const json& object, const char* name) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::uint64_t number(const json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  return value.is_number_integer() ? static_cast<std::uint64_t>(std::max<std::int64_t>(value.get<std::int64_t>(), 0))
                                   : 0;
}
std::uint64_t number(const json& object, const char* name) { return number(member(object, name)); }

// What comes from the socket is shown on a terminal.
std::string printable(std::string result) {
  std::ranges::replace_if(result, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return result;
}

std::string text(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? printable(value.get<std::string>()) : std::string();
}

// 1234567 → "1,234,567".
std::string grouped(std::uint64_t value) {
  std::string digits = fmt::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB", "PB"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string duration_text(std::uint64_t microseconds) {
  if (microseconds < 1000) return fmt::format("{} µs", microseconds);
  if (microseconds < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(microseconds) / 1e3);
  return fmt::format("{:.1f} s", static_cast<double>(microseconds) / 1e6);
}

std::string age_text(std::uint64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

// "TLSv1.3 98 %, TLSv1.2 2 %", the most frequent first.
std::string shares(const json& counts) {
  std::vector<std::pair<std::uint64_t, std::string>> entries;
  std::uint64_t total = 0;
  for (const auto& [name, count] : counts.items()) {
    entries.emplace_back(number(count), printable(name));
    total += number(count);
  }
  std::ranges::sort(entries, std::greater{});
  std::string result;
  for (const auto& [count, name] : entries) {
    const double share = 100 * static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(total, 1));
    result += fmt::format("{}{} {:.0f} %", result.empty() ? "" : ", ", name, share);
  }
  return result;
}

// "G4003 8, G4000 4": the most frequent of a table of counts.
std::string most_frequent(const json& counts) {
  std::vector<std::pair<std::uint64_t, std::string>> entries;
  for (const auto& [name, count] : counts.items()) entries.emplace_back(number(count), printable(name));
  std::ranges::sort(entries, std::greater{});
  std::string result;
  for (const auto& [count, name] : std::span(entries).first(std::min(entries.size(), kCodesShown))) {
    result += fmt::format("{}{} {}", result.empty() ? "" : ", ", name, grouped(count));
  }
  return entries.size() > kCodesShown ? result + ", …" : result;
}

std::uint64_t sum(const json& counts) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : counts.items()) total += number(count);
  return total;
}

class Lines {
 public:
  std::string take() { return std::move(text_); }
  void blank() { text_ += '\n'; }

  template <class... Arguments>
  void put(std::string_view name, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), "{:<14}", name);
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

 private:
  std::string text_;
};

void put_head(Lines& out, const json& status) {
  const std::uint64_t now = number(status, "now");
  const std::uint64_t started = std::min(number(status, "started"), now);
  out.put("Gate443", "{} · up {} · {} workers", text(status, "version"), age_text(now - started),
          number(status, "workers"));
  out.put("process", "{} memory · {} of {} descriptors", bytes_text(number(status, "resident_bytes")),
          grouped(number(status, "open_descriptors")), grouped(number(status, "descriptor_limit")));
}

void put_traffic(Lines& out, const json& status) {
  const json& connections = member(status, "connections");
  out.put("connections", "{} open · {} accepted", grouped(number(connections, "open")),
          grouped(number(connections, "accepted")));
  const json& closed = member(connections, "closed");
  if (!closed.empty()) out.put("  closed", "{}", most_frequent(closed));
  out.put("  bytes", "{} received · {} sent", bytes_text(number(connections, "received_bytes")),
          bytes_text(number(connections, "sent_bytes")));

  const json& handshakes = member(status, "handshakes");
  out.put("handshakes", "{} complete · {} resumed", grouped(number(handshakes, "complete")),
          grouped(number(handshakes, "resumed")));
  if (number(handshakes, "complete") > 0) {
    out.put("  version", "{}", shares(member(handshakes, "versions")));
    out.put("  group", "{}", shares(member(handshakes, "groups")));
    out.put("  duration", "p50 {} · p99 {}", duration_text(number(handshakes, "p50_us")),
            duration_text(number(handshakes, "p99_us")));
  }
  const json& failures = member(handshakes, "failures");
  if (!failures.empty()) out.put("  failed", "{}: {}", grouped(sum(failures)), most_frequent(failures));
}

void put_quic(Lines& out, const json& status) {
  const json& quic = member(status, "quic");
  if (const std::uint64_t overflowed = number(quic, "overflowed"); overflowed > 0) {
    out.put("udp", "{} datagrams overflowed: see net.core.rmem_max", grouped(overflowed));
  }
  const std::uint64_t sent = number(quic, "packets_sent");
  if (sent == 0) return;
  out.put("quic", "{} packets sent · {:.2f} % lost · round trip p50 {}", grouped(sent),
          100.0 * static_cast<double>(number(quic, "packets_lost")) / static_cast<double>(sent),
          duration_text(number(quic, "round_trip_p50_us")));
  out.put("  clients", "{} moved · {} had to show their address", grouped(number(quic, "migrations")),
          grouped(number(quic, "retried")));
}

void put_requests(Lines& out, const json& status) {
  const json& requests = member(status, "requests");
  out.put("requests", "{}", grouped(number(requests, "count")));
  if (number(requests, "count") > 0) {
    out.put("  protocol", "{}", shares(member(requests, "protocols")));
    out.put("  status", "{}", shares(member(requests, "statuses")));
  }
  for (const auto& [protocol, latency] : member(requests, "latency").items()) {
    out.put("  " + printable(protocol), "p50 {} · p99 {}", duration_text(number(latency, "p50_us")),
            duration_text(number(latency, "p99_us")));
  }
  const json& refusals = member(requests, "refusals");
  if (!refusals.empty()) out.put("  refused", "{}: {}", grouped(sum(refusals)), most_frequent(refusals));
  const json& violations = member(requests, "violations");
  if (!violations.empty()) out.put("  violations", "{}: {}", grouped(sum(violations)), most_frequent(violations));
}

void put_orders(Lines& out, const json& status) {
  for (const json& at : member(status, "orders")) {
    out.put("orders", "{} under way · {} issued · {} failed · {}", grouped(number(at, "under_way")),
            grouped(number(at, "issued")), grouped(number(at, "failed")), text(at, "authority"));
  }
}

void put_health(Lines& out, const json& status) {
  put_orders(out, status);
  const json& stalls = member(status, "stalls");
  if (number(stalls, "count") > 0) {
    out.put("stalls", "{}, the longest {}", grouped(number(stalls, "count")),
            duration_text(number(stalls, "longest_us")));
  }
  if (const std::size_t alarms = member(status, "alarms").size(); alarms > 0)
    out.put("alarms", "{} about certificates: \"gate443 cert check\" says which", grouped(alarms));
  for (const json& log : member(status, "logs")) {
    if (number(log, "lost") > 0)
      out.put("log", "{}: {} lines lost", text(log, "destination"), grouped(number(log, "lost")));
  }
  if (number(status, "log_overruns") > 0) {
    out.put("log", "{} lines lost: they came faster than they were written", grouped(number(status, "log_overruns")));
  }
}

std::string expiry_text(const json& status, const std::string& site) {
  std::uint64_t first = 0;
  for (const json& certificate : member(status, "certificates")) {
    const std::uint64_t expires = number(certificate, "expires");
    if (text(certificate, "site") == site && (first == 0 || expires < first)) first = expires;
  }
  if (first == 0) return "-";
  const std::uint64_t now = number(status, "now");
  return first <= now ? "expired" : age_text(first - now);
}

std::string fitted(std::string name) {
  if (name.size() <= kNameColumns) return name;
  return name.substr(0, kNameColumns - 2) + "..";
}

std::string sites_table(const json& status) {
  const json& sites = member(status, "sites");
  if (sites.empty()) return {};
  std::string result =
      fmt::format("\n{:<28} {:>13} {:>9} {:>9} {:>9} {:>7}\n", "site", "requests", "4xx", "5xx", "sent", "cert");
  std::size_t shown = 0;
  for (const json& site : sites) {
    if (shown++ == kSitesShown) break;
    const json& statuses = member(site, "statuses");
    const std::string name = text(site, "name");
    result += fmt::format("{:<28} {:>13} {:>9} {:>9} {:>9} {:>7}\n", fitted(name), grouped(sum(statuses)),
                          grouped(number(statuses, "4xx")), grouped(number(statuses, "5xx")),
                          bytes_text(number(site, "response_bytes")), expiry_text(status, name));
  }
  if (sites.size() > kSitesShown) result += fmt::format("and {} more: --json shows all\n", sites.size() - kSitesShown);
  return result;
}

}  // namespace

std::string render_status(const json& status) {
  Lines out;
  put_head(out, status);
  out.blank();
  put_traffic(out, status);
  put_quic(out, status);
  put_requests(out, status);
  put_health(out, status);
  return out.take() + sites_table(status);
}

}  // namespace gate::app
