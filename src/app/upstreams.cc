#include "app/upstreams.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "app/codes.h"
#include "client/context.h"
#include "client/server_address.h"

namespace gate::app {
namespace {

// One server as all workers together see it.
struct Sum {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::uint64_t in_flight = 0;
  double first_byte_seconds = 0;
  bool drained = false;
  std::uint32_t weight = 0;
  std::uint32_t unwell = 0;  // workers that leave it alone
  std::uint32_t workers = 0;
};

// As one worker sees it.
Sum view_of(const client::ServerRecord& record, base::Instant now) {
  const bool unwell = !record.healthy || now < record.ejected_until.value();
  return {.requests = record.requests.value(),
          .failures = record.failures.value(),
          .in_flight = record.in_flight.value(),
          .first_byte_seconds = record.first_byte_seconds,
          .drained = record.drained,
          .weight = record.weight,
          .unwell = unwell ? 1U : 0U,
          .workers = 1};
}

void add(Sum& sum, const Sum& more) {
  sum.requests += more.requests;
  sum.failures += more.failures;
  sum.in_flight += more.in_flight;
  sum.first_byte_seconds = std::max(sum.first_byte_seconds, more.first_byte_seconds);
  sum.drained = more.drained;
  sum.weight = more.weight;
  sum.unwell += more.unwell;
  sum.workers += more.workers;
}

std::string_view state_of(const Sum& sum) {
  if (sum.drained) return "drained";
  return sum.unwell == sum.workers ? "unwell" : sum.unwell > 0 ? "partly unwell" : "up";
}

// Each worker fills in its own, on its own thread.
std::map<std::string, Sum> collect(WorkerPool& workers) {
  std::vector<std::vector<std::pair<std::string, Sum>>> found(workers.size());
  workers.on_all([&](server::Worker& worker, std::size_t index) {
    worker.client().records().for_each([&](const client::ServerRecord& record) {
      if (record.chosen) found[index].emplace_back(record.name, view_of(record, worker.loop().now()));
    });
  });
  std::map<std::string, Sum> servers;
  for (const auto& of_worker : found) {
    for (const auto& [name, view] : of_worker) add(servers[name], view);
  }
  return servers;
}

base::Error unknown_server(const std::string& name, const std::map<std::string, Sum>& servers) {
  std::string known;
  for (const auto& [each, sum] : servers) known += (known.empty() ? "" : ", ") + each;
  return {.code = kUnknownUpstream,
          .side = base::Side::kConfiguration,
          .what = fmt::format("no statement passes requests on to \"{}\"", name),
          .why = known.empty() ? "there is no \"proxy\" statement" : "the servers are: " + known,
          .fix = "gate443 upstream list"};
}

}  // namespace

nlohmann::json list_upstreams(WorkerPool& workers) {
  auto list = nlohmann::json::array();
  for (const auto& [name, sum] : collect(workers)) {
    list.push_back({{"server", name},
                    {"state", state_of(sum)},
                    {"in_flight", sum.in_flight},
                    {"requests", sum.requests},
                    {"failures", sum.failures},
                    {"first_byte_ms", sum.first_byte_seconds * 1000}});
    if (sum.weight > 0) list.back()["weight"] = sum.weight;
  }
  return list;
}

base::Result<void> change_upstream(WorkerPool& workers, const UpstreamChange& change) {
  GATE_TRY_ASSIGN(const auto address, client::ServerAddress::parse(change.server));
  const std::string name = address.to_string();
  const auto servers = collect(workers);
  if (!servers.contains(name)) return base::fail(unknown_server(name, servers));
  workers.on_all([&](server::Worker& worker, std::size_t) {
    worker.client().records().for_each([&](client::ServerRecord& record) {
      if (record.name != name) return;
      if (change.weight) record.weight = *change.weight;
      if (!change.drained) return;
      record.drained = *change.drained;
      // "up" is also the word of somebody who knows that it is well again.
      if (record.drained) return;
      record.ejected_until = base::Instant{};
      record.recovered_at = worker.loop().now();
    });
  });
  return {};
}

}  // namespace gate::app
