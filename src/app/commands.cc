#include "app/commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "app/codes.h"
#include "app/inventory.h"
#include "app/metrics/prometheus.h"
#include "app/metrics/status.h"
#include "app/response_cache.h"
#include "app/upstreams.h"
#include "app/why.h"
#include "base/text.h"
#include "base/timestamp.h"

namespace gate::app {
namespace {

// A command that the control thread carries out.
AdminCommand on_control_thread(Control& control, void (*run)(Control&, std::unique_ptr<AdminCall>)) {
  return [&control, run](std::unique_ptr<AdminCall> call) {
    control.post([&control, run, call = std::move(call)]() mutable { run(control, std::move(call)); });
  };
}

nlohmann::json to_json(const ReloadReport& report) {
  return {{"generation", report.generation},       {"sites_kept", report.sites_kept},
          {"sites_changed", report.sites_changed}, {"sites_added", report.sites_added},
          {"sites_removed", report.sites_removed}, {"text", describe(report)}};
}

std::string_view text_member(const nlohmann::json& request, const char* name) {
  const auto found = request.find(name);
  return found != request.end() && found->is_string() ? std::string_view(found->get_ref<const std::string&>()) : "";
}

// The order that is under way for a site.
void put_running_order(nlohmann::json& into, Control& control, const std::string& site) {
  const auto running = control.issuance() != nullptr ? control.issuance()->running(site) : std::nullopt;
  if (!running) return;
  into["running_order"] = {
      {"authority", running->authority}, {"doing", running->doing}, {"since", base::to_timestamp(running->since)}};
}

// {} for a line of each, {"name": "example.com"} for all that is known of those of a site or a name.
void certificates(Control& control, std::unique_ptr<AdminCall> call) {
  const auto now = control.application().clock().wall();
  const std::string_view name = text_member(call->request(), "name");
  auto list = nlohmann::json::array();
  for (const auto& entry : take_inventory(control.application(), now)) {
    if (!name.empty() && entry.site != name && !entry.credential->leaf().covers(name)) continue;
    list.push_back(to_json(entry, control.application().certificates(), now, !name.empty()));
    put_running_order(list.back(), control, entry.site);
  }
  call->answer(list);
}

// {"days": 60}
void certificate_plan(Control& control, std::unique_ptr<AdminCall> call) {
  constexpr std::uint64_t kDays = 60;
  constexpr std::uint64_t kDaysMax = 3650;
  std::uint64_t days = kDays;
  if (const auto given = call->request().find("days"); given != call->request().end() && given->is_number_unsigned())
    days = std::min(given->get<std::uint64_t>(), kDaysMax);
  const auto now = control.application().clock().wall();
  std::vector<cert::CalendarItem> items;
  for (auto& entry : take_inventory(control.application(), now)) items.push_back(std::move(entry.calendar));
  auto list = nlohmann::json::array();
  for (const auto& event : cert::calendar(items, now, now + std::chrono::days(days))) {
    list.push_back({{"when", base::to_timestamp(event.when)},
                    {"site", event.name},
                    {"what", event.what},
                    {"why", event.why},
                    {"expected", event.is_expected}});
  }
  call->answer(list);
}

// Answers once everybody has said whether it came.
void test_alerts(Control& control, std::unique_ptr<AdminCall> call) {
  Alarms* alarms = control.alarms();
  if (alarms == nullptr) return;
  const auto shared = std::make_shared<std::unique_ptr<AdminCall>>(std::move(call));
  const auto sent = alarms->test([shared](const std::vector<alert::Delivered>& answers) {
    auto list = nlohmann::json::array();
    for (const auto& each : answers) {
      list.push_back({{"to", each.to}, {"delivered", each.outcome.has_value()}});
      list.back()["answer"] =
          each.outcome ? *each.outcome : fmt::format("{}: {}", each.outcome.error().what, each.outcome.error().why);
    }
    (*shared)->answer(list);
  });
  if (!sent) (*shared)->fail(sent.error());
}

void reload(Control& control, std::unique_ptr<AdminCall> call) {
  std::string report;
  const auto result = control.reload(report);
  if (result) {
    auto json = to_json(*result);
    json["report"] = report;
    call->answer(json);
    return;
  }
  base::Error error = result.error();
  if (error.code == kConfigurationRejected) error.why = report;
  call->fail(error);
}

void stop(Control& control, std::unique_ptr<AdminCall> call) { control.stop(std::move(call)); }

void upgrade(Control& control, std::unique_ptr<AdminCall> call) { control.upgrade(std::move(call)); }

void upstreams(Control& control, std::unique_ptr<AdminCall> call) {
  call->answer(list_upstreams(control.application().workers()));
}

// {"server": "localhost:3000", "drained": true} or {"server": …, "weight": 3}
void change_upstream(Control& control, std::unique_ptr<AdminCall> call) {
  const auto& request = call->request();
  UpstreamChange change;
  if (const auto server = request.find("server"); server != request.end() && server->is_string())
    change.server = *server;
  if (const auto drained = request.find("drained"); drained != request.end() && drained->is_boolean()) {
    change.drained = drained->get<bool>();
  }
  if (const auto weight = request.find("weight"); weight != request.end() && weight->is_number_unsigned()) {
    constexpr std::uint64_t kWeightMax = 1000;
    change.weight = static_cast<std::uint32_t>(std::min(weight->get<std::uint64_t>(), kWeightMax));
  }
  auto& workers = control.application().workers();
  if (const auto done = change_upstream(workers, change); !done) return call->fail(done.error());
  call->answer(list_upstreams(workers));
}

// {"request": "0197a6b2c3d4e5f6"}
void why(Control& control, std::unique_ptr<AdminCall> call) {
  std::uint64_t id = 0;
  if (const auto given = call->request().find("request"); given != call->request().end() && given->is_string()) {
    id = base::parse_number<std::uint64_t>(given->get_ref<const std::string&>(), 16).value_or(0);
  }
  const auto found = find_request(control.application().workers(), id);
  if (!found) return call->fail(found.error());
  call->answer(*found);
}

void show_cache(Control& control, std::unique_ptr<AdminCall> call) {
  call->answer(cache_status(control.application().workers()));
}

// {"url": "https://example.com/"}, {"tag": "news"} or neither, for all.
void purge(Control& control, std::unique_ptr<AdminCall> call) {
  const auto& request = call->request();
  cache::Purge purge;
  if (const auto url = request.find("url"); url != request.end() && url->is_string()) {
    auto of_url = purge_of_url(url->get<std::string>());
    if (!of_url) return call->fail(of_url.error());
    purge = *std::move(of_url);
  } else if (const auto tag = request.find("tag"); tag != request.end() && tag->is_string()) {
    purge = {.by = cache::Purge::By::kTag, .text = tag->get<std::string>()};
  }
  call->answer({{"purged", purge_cache(control.application().workers(), purge)}});
}

nlohmann::json ech_record_json(const EchPublisher::State* state) {
  if (!state) return {{"state", "by hand"}};
  if (!state->problem.empty()) return {{"state", "failed"}, {"why", state->problem}};
  if (state->published == base::WallTime{}) return {{"state", "under way"}};
  return {{"state", "published"}, {"seen", base::to_timestamp(state->published)}};
}

// What clients need to know to encrypt the names they ask for, and the sites they can ask for so.
nlohmann::json ech_json(const Control& control, const Settings& settings, const tls::EchKeys& keys) {
  nlohmann::json json{{"outer_name", keys.outer_name()}, {"published", keys.published()}};
  for (const auto& key : keys.keys()) {
    const bool is_published = &key == &keys.keys().front();
    json["keys"].push_back({{"made", base::to_timestamp(key.made)}, {"published", is_published}});
  }
  json["next_rotation"] = base::to_timestamp(keys.keys().front().made + tls::EchKeys::kRotation);
  json["publishes"] = settings.ech.publish;
  const auto* publisher = control.ech_publisher();
  for (const auto& each : ech_names(settings)) {
    json["names"].push_back({{"name", each.name},
                             {"alpn", fmt::format("{}", fmt::join(each.protocols, ","))},
                             {"record", ech_record_json(publisher ? publisher->state_of(each.name) : nullptr)}});
  }
  return json;
}

void ech(Control& control, std::unique_ptr<AdminCall> call) {
  const auto* keys = control.application().ech_keys();
  if (keys) return call->answer(ech_json(control, control.application().settings(), *keys));
  call->fail({.code = kNoEch,
              .side = base::Side::kConfiguration,
              .what = "the server does not encrypt the names of its sites",
              .why = "the configuration has no \"ech\"",
              .fix = "add: ech OUTER_NAME, with the name of one of its sites"});
}

}  // namespace

void add_commands(AdminServer& server, Control& control, const StatusBoard& board) {
  server.add_page("/metrics", [&board] {
    return AdminPage{.content_type = std::string(kPrometheusContentType), .body = render_prometheus(board.snapshot())};
  });
  server.add_command("status",
                     [&board](std::unique_ptr<AdminCall> call) { call->answer(status_json(board.snapshot())); });
  server.add_command("certificates", on_control_thread(control, certificates));
  server.add_command("ech", on_control_thread(control, ech));
  server.add_command("certificate_plan", on_control_thread(control, certificate_plan));
  server.add_command("alerts_test", on_control_thread(control, test_alerts));
  server.add_command("reload", on_control_thread(control, reload));
  server.add_command("upstreams", on_control_thread(control, upstreams));
  server.add_command("change_upstream", on_control_thread(control, change_upstream));
  server.add_command("why", on_control_thread(control, why));
  server.add_command("cache_status", on_control_thread(control, show_cache));
  server.add_command("cache_purge", on_control_thread(control, purge));
  server.add_command("stop", on_control_thread(control, stop));
  server.add_command("upgrade", on_control_thread(control, upgrade));
}

}  // namespace gate::app
