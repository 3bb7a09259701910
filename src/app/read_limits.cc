#include "app/read_limits.h"

namespace gate::app {
namespace {

using Context = conf::Context<Settings>;
using http::Limits;

// Rows for members of one type: the member is a template argument, so that a row is a line of the table.

template <auto kMember, std::uint64_t kMin, std::uint64_t kMax>
void read_size(Context& context, const conf::Statement& statement) {
  using Value = std::remove_reference_t<decltype(context.plan.limits.*kMember)>;
  if (auto size = context.reader.size(statement.args[0], {kMin, kMax})) {
    context.plan.limits.*kMember = static_cast<Value>(*size);
  }
}

template <auto kMember, std::uint64_t kMin, std::uint64_t kMax>
void read_count(Context& context, const conf::Statement& statement) {
  using Value = std::remove_reference_t<decltype(context.plan.limits.*kMember)>;
  if (auto count = context.reader.integer<std::uint64_t>(statement.args[0], kMin, kMax)) {
    context.plan.limits.*kMember = static_cast<Value>(*count);
  }
}

template <auto kMember>
void read_timeout(Context& context, const conf::Statement& statement) {
  using std::chrono::milliseconds;
  const conf::DurationRange range{milliseconds(100), std::chrono::hours(24)};
  if (auto duration = context.reader.duration(statement.args[0], range)) context.plan.limits.*kMember = *duration;
}

void read_connections(Context& context, const conf::Statement& statement) {
  constexpr std::uint32_t kMost = 10'000'000;
  if (auto count = context.reader.integer<std::uint32_t>(statement.args[0], 1, kMost))
    context.plan.connections_max = *count;
}

void read_connections_per_address(Context& context, const conf::Statement& statement) {
  constexpr std::uint32_t kMost = 10'000'000;
  if (auto count = context.reader.integer<std::uint32_t>(statement.args[0], 1, kMost)) {
    context.plan.connections_per_address_max = *count;
  }
}

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

constexpr conf::Directive<Settings> row(std::string_view name, std::string_view synopsis, std::string_view summary,
                                        void (*handle)(Context&, const conf::Statement&)) {
  return {.name = name, .synopsis = synopsis, .summary = summary, .args = {1, 1}, .handle = handle};
}

constexpr conf::Directive<Settings> kLimits[] = {
    row("target-size", "target-size SIZE", "The longest request target; longer ones get 414.",
        read_size<&Limits::target_bytes_max, 256, 64 * kKiB>),
    row("header-size", "header-size SIZE", "The largest header section; larger ones get 431.",
        read_size<&Limits::header_bytes_max, 1 * kKiB, 1 * kMiB>),
    row("header-lines", "header-lines NUMBER", "The most header lines of a request; more get 431.",
        read_count<&Limits::header_lines_max, 8, 10'000>),
    row("body-size", "body-size SIZE", "The largest request body; larger ones get 413.",
        read_size<&Limits::body_bytes_max, 0, kMiB * kMiB>),
    row("streams", "streams NUMBER", "The most requests at once on an HTTP/2 connection.",
        read_count<&Limits::streams_max, 1, 10'000>),
    row("requests", "requests NUMBER", "The most requests on one connection before it is renewed.",
        read_count<&Limits::requests_per_connection_max, 1, 1'000'000'000'000>),
    row("connections", "connections NUMBER", "The most connections at once; further ones wait.", read_connections),
    row("connections-per-address", "connections-per-address NUMBER",
        "The most connections of one client address (IPv6: one /64).", read_connections_per_address),
    row("handshake-timeout", "handshake-timeout DURATION", "For a TLS handshake.",
        read_timeout<&Limits::handshake_timeout>),
    row("header-timeout", "header-timeout DURATION", "From the first byte of a request to the end of its header.",
        read_timeout<&Limits::header_timeout>),
    row("idle-timeout", "idle-timeout DURATION", "Between requests.", read_timeout<&Limits::idle_timeout>),
    row("stall-timeout", "stall-timeout DURATION", "For a body or a reader that makes no progress at all.",
        read_timeout<&Limits::stall_timeout>),
    row("body-rate", "body-rate SIZE", "The least a body must move in a second, once body-grace has passed.",
        read_size<&Limits::body_rate_min, 0, 1024 * kMiB>),
    row("body-grace", "body-grace DURATION", "How long a body may be slower than body-rate.",
        read_timeout<&Limits::body_grace>),
};

}  // namespace

void read_limits(Context& context, const conf::Statement& statement) {
  conf::read_block<Settings>(statement, kLimits, context.plan, context.reader);
}

std::vector<StatementHelp> limit_help() {
  std::vector<StatementHelp> help;
  for (const auto& each : kLimits) help.push_back({each.name, each.synopsis, each.summary, "limits"});
  return help;
}

}  // namespace gate::app
