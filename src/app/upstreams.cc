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
  client::ServerRecord total;
  std::uint32_t unwell = 0;  // workers that leave it alone
  std::uint32_t workers = 0;
};

void add(Sum& sum, const client::ServerRecord& record, base::Instant now) {
  client::ServerRecord& total = sum.total;
  total.requests += record.requests;
  total.failures += record.failures;
  total.in_flight += record.in_flight;
  total.first_byte_seconds = std::max(total.first_byte_seconds, record.first_byte_seconds);
  total.drained = record.drained;
  total.weight = record.weight;
  ++sum.workers;
  if (!record.healthy || now < record.ejected_until) ++sum.unwell;
}

std::string_view state_of(const Sum& sum) {
  if (sum.total.drained) return "drained";
  return sum.unwell == sum.workers ? "unwell" : sum.unwell > 0 ? "partly unwell" : "up";
}

// Each worker fills in its own, on its own thread.
std::map<std::string, Sum> collect(WorkerPool& workers) {
  std::vector<std::vector<std::pair<client::ServerRecord, base::Instant>>> found(workers.size());
  workers.on_all([&](server::Worker& worker, std::size_t index) {
    worker.client().for_each_record(
        [&](const client::ServerRecord& record) { found[index].emplace_back(record, worker.loop().now()); });
  });
  std::map<std::string, Sum> servers;
  for (const auto& of_worker : found) {
    for (const auto& [record, now] : of_worker) add(servers[record.name], record, now);
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
                    {"in_flight", sum.total.in_flight},
                    {"requests", sum.total.requests},
                    {"failures", sum.total.failures},
                    {"first_byte_ms", sum.total.first_byte_seconds * 1000}});
    if (sum.total.weight > 0) list.back()["weight"] = sum.total.weight;
  }
  return list;
}

base::Result<void> change_upstream(WorkerPool& workers, const UpstreamChange& change) {
  GATE_TRY_ASSIGN(const auto address, client::ServerAddress::parse(change.server));
  const std::string name = address.to_string();
  const auto servers = collect(workers);
  if (!servers.contains(name)) return base::fail(unknown_server(name, servers));
  workers.on_all([&](server::Worker& worker, std::size_t) {
    worker.client().for_each_record([&](client::ServerRecord& record) {
      if (record.name != name) return;
      if (change.weight) record.weight = *change.weight;
      if (!change.drained) return;
      record.drained = *change.drained;
      // "up" is also the word of somebody who knows that it is well again.
      if (record.drained) return;
      record.ejected_until = {};
      record.recovered_at = worker.loop().now();
    });
  });
  return {};
}

}  // namespace gate::app
