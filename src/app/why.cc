#include "app/why.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/codes.h"
#include "http/status.h"

namespace gate::app {
namespace {

using server::RecentRequest;

std::int64_t microseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

template <std::size_t kBytesMax>
std::string shown(const server::ShortText<kBytesMax>& text) {
  return std::string(text.view()) + (text.cut() ? "…" : "");
}

std::string time_text(base::WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time - second).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     milliseconds);
}

// The query is left out where the access log does not have it either.
std::string url_of(const RecentRequest& request) {
  std::string url =
      fmt::format("{}://{}{}", request.secure ? "https" : "http", shown(request.host), shown(request.path));
  if (request.has_query) url += "?" + (request.query.view().empty() ? std::string("…") : shown(request.query));
  return url;
}

nlohmann::json attempt_json(const RecentRequest::Attempt& attempt) {
  nlohmann::json json{{"server", shown(attempt.server)},
                      {"queue_us", microseconds(attempt.waits.queue)},
                      {"connect_us", microseconds(attempt.waits.connect)},
                      {"total_us", microseconds(attempt.total)}};
  if (attempt.status != 0) json["status"] = attempt.status;
  if (attempt.fault) json["error"] = http::to_string(*attempt.fault);
  if (!attempt.reason.view().empty()) json["reason"] = shown(attempt.reason);
  return json;
}

nlohmann::json to_json(const RecentRequest& request) {
  nlohmann::json json{{"request", fmt::format("{:016x}", request.id)},
                      {"connection", fmt::format("{:016x}", request.connection_id)},
                      {"time", time_text(request.time)},
                      {"took_us", microseconds(request.took)},
                      {"client", request.client.address.to_string()},
                      {"client_port", request.client.port},
                      {"protocol", http::to_string(request.version)},
                      {"method", shown(request.method)},
                      {"url", url_of(request)},
                      {"status", request.status},
                      {"phrase", http::reason_phrase(request.status)},
                      {"outcome", http::to_string(request.outcome)}};
  if (!request.site.view().empty()) json["site"] = shown(request.site);
  if (!request.rule.view().empty()) json["rule"] = shown(request.rule);
  if (request.code.number != 0) json["code"] = base::to_string(request.code);
  if (!request.reason.view().empty()) json["reason"] = shown(request.reason);
  if (request.attempts == 0) return json;
  json["attempts"] = request.attempts;
  for (const auto& attempt : request.attempts_kept()) json["servers"].push_back(attempt_json(attempt));
  return json;
}

base::Error unknown_request(std::uint64_t id) {
  constexpr std::size_t kKept = server::RecentRequests::kKeptOfEach;
  return {.code = kUnknownRequest,
          .side = base::Side::kConfiguration,
          .what = fmt::format("nothing is known of the request {:016x}", id),
          .why = fmt::format("each worker remembers the last {} requests that it refused and the last {} that failed, "
                             "until the restart",
                             kKept, kKept),
          .fix = "look for the id in the access log, which has every request"};
}

}  // namespace

// Each worker looks among its own, on its own thread.
base::Result<nlohmann::json> find_request(WorkerPool& workers, std::uint64_t id) {
  std::vector<std::optional<RecentRequest>> found(workers.size());
  workers.on_all([&](server::Worker& worker, std::size_t index) {
    if (const auto* request = worker.recent().find(id)) found[index] = *request;
  });
  for (const auto& request : found) {
    if (request) return to_json(*request);
  }
  return base::fail(unknown_request(id));
}

}  // namespace gate::app
