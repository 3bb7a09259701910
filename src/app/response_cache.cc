#include "app/response_cache.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

#include "app/codes.h"
#include "app/metrics/snapshot.h"
#include "base/text.h"
#include "feature/cache/stored_response.h"

namespace gate::app {

nlohmann::json cache_status(WorkerPool& workers) {
  std::vector<cache::Store::Contents> contents(workers.size());
  workers.on_all([&](server::Worker&, std::size_t index) { contents[index] = workers.responses(index).contents(); });
  cache::Store::Contents all;
  for (const auto& each : contents) {
    all.responses = std::max(all.responses, each.responses);
    all.bytes = std::max(all.bytes, each.bytes);
    all.bytes_max = std::max(all.bytes_max, each.bytes_max);
  }
  const auto metrics = workers.metrics();
  MetricsSources sources;
  sources.workers = metrics;
  const auto cache = take_snapshot(sources).cache;
  const auto disk = workers.responses_on_disk();
  return {{"responses", all.responses},
          {"bytes", all.bytes},
          {"bytes_max", all.bytes_max},
          {"hits", cache.hits},
          {"stale", cache.stale},
          {"validated", cache.validated},
          {"misses", cache.misses},
          {"passes", cache.passes},
          {"stored", cache.stored},
          {"evicted", cache.evicted},
          {"disk",
           {{"files", disk.files}, {"bytes", disk.bytes}, {"damaged", disk.damaged}, {"not_written", disk.failed}}}};
}

base::Result<cache::Purge> purge_of_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  const std::string scheme = base::lowered(url.substr(0, scheme_end));
  const auto rest = scheme_end == std::string_view::npos ? std::string_view{} : url.substr(scheme_end + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if ((scheme != "https" && scheme != "http") || authority.empty()) {
    return base::fail({.code = kNotAnAddress,
                       .side = base::Side::kClient,
                       .what = fmt::format("\"{}\" is not the address of a response", url),
                       .why = "responses are kept by scheme, host and path",
                       .fix = "gate443 cache purge https://example.com/page?with=query"});
  }
  const auto target = rest.substr(authority.size());
  const auto visible = target.substr(0, target.find('#'));
  const std::string path = visible.starts_with('/') ? std::string(visible) : "/" + std::string(visible);
  return cache::Purge{.by = cache::Purge::By::kKey, .text = cache::key_of(scheme, authority, path)};
}

// All workers keep the same, but one may have heard of another's purge before its own.
std::size_t purge_cache(WorkerPool& workers, const cache::Purge& purge) {
  std::vector<std::size_t> gone(workers.size());
  workers.on_all([&](server::Worker&, std::size_t index) { gone[index] = workers.responses(index).purge(purge); });
  return *std::ranges::max_element(gone);
}

}  // namespace gate::app
