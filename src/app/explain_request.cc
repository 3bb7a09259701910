#include "app/explain_request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/build_plan.h"
#include "app/codes.h"
#include "base/text.h"
#include "client/context.h"
#include "feature/files/files.h"
#include "http/arena_text.h"
#include "http/cache_budget.h"
#include "http/chain.h"
#include "http/challenge_source.h"
#include "http/h1/wire.h"
#include "http/request_rules.h"
#include "http/status.h"
#include "http/trusted_proxies.h"
#include "os/random.h"
#include "server/codes.h"
#include "server/host_table.h"

namespace gate::app {
namespace {

using nlohmann::json;

constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kHttp = 80;

std::unexpected<base::Error> refusal(std::string what, std::string why) {
  return base::fail({.code = kNotARequest,
                     .side = base::Side::kConfiguration,
                     .what = std::move(what),
                     .why = std::move(why),
                     .fix = "gate443 explain request GET https://example.com/path -H 'Accept: text/html'"});
}

// A URL in the parts a request has.
struct Target {
  bool secure = true;
  std::uint16_t port = kHttps;
  std::string authority;
  std::string path;  // with the query
};

std::optional<Target> read_url(std::string_view url) {
  Target target;
  if (url.starts_with("http://")) {
    target.secure = false;
    target.port = kHttp;
  } else if (!url.starts_with("https://")) {
    return std::nullopt;
  }
  url.remove_prefix(url.find("://") + 3);
  const bool has_controls = std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
  const auto end = std::min(url.find_first_of("/?"), url.size());
  target.authority = url.substr(0, end);
  target.path = url.substr(end);
  if (has_controls || target.authority.empty()) return std::nullopt;
  if (!target.path.starts_with('/')) target.path.insert(0, 1, '/');
  const auto colon = target.authority.rfind(':');
  if (colon == std::string::npos || target.authority.ends_with(']')) return target;
  const auto port = base::parse_number<std::uint16_t>(std::string_view(target.authority).substr(colon + 1));
  if (!port) return std::nullopt;
  target.port = *port;
  return target;
}

// The request as a client would send it over HTTP/1.1.
base::Result<std::string> head_of(const RequestToExplain& request, const Target& target) {
  if (!http::is_token(request.method)) return refusal(fmt::format("\"{}\" is not a method", request.method), "");
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target.path, target.authority);
  for (const std::string& field : request.fields) {
    const auto colon = std::min(field.find(':'), field.size());
    const std::string_view name = std::string_view(field).substr(0, colon);
    const auto value = base::trimmed(std::string_view(field).substr(std::min(colon + 1, field.size())));
    if (colon == field.size() || !http::is_token(name) || !http::is_field_value(value)) {
      return refusal(fmt::format("\"{}\" is not a header field", field), "a field is a name, a colon and a value");
    }
    head += fmt::format("{}: {}\r\n", name, value);
  }
  return head + "\r\n";
}

// The listener that a request to this port comes to; else the first of its kind.
const base::Endpoint* listener_for(const Settings& settings, const Target& target) {
  const auto& listeners = target.secure ? settings.https : settings.http;
  const auto found = std::ranges::find(listeners, target.port, &base::Endpoint::port);
  if (found != listeners.end()) return &*found;
  return listeners.empty() ? nullptr : &listeners.front();
}

json listener_json(const base::Endpoint* listener, const Target& target) {
  const std::string_view kind = target.secure ? "TLS" : "clear";
  if (!listener) return {{"kind", kind}, {"note", "nothing listens for such connections"}};
  json result{{"address", listener->to_string()}, {"kind", kind}};
  if (listener->port != target.port) {
    result["note"] = fmt::format("nothing listens on port {}; told as if it had come here", target.port);
  }
  return result;
}

// What a worker has for its services, without a thread and without connections.
struct Surroundings {
  explicit Surroundings(std::unique_ptr<loop::Loop> made, std::unique_ptr<client::Resolver> resolver)
      : loop(std::move(made)), client(*loop, *buffers, time, random, std::move(resolver)) {
    time.now = loop->now();
    time.wall = loop->wall();
  }

  static base::Result<std::unique_ptr<Surroundings>> create(const base::Clock& clock) {
    GATE_TRY_ASSIGN(auto loop, loop::Loop::create(clock));
    GATE_TRY_ASSIGN(auto resolver, client::Resolver::create(*loop));
    return std::make_unique<Surroundings>(std::move(loop), std::move(resolver));
  }

  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<net::TurnBuffers> buffers = std::make_unique_for_overwrite<net::TurnBuffers>();
  http::TurnTime time{};
  os::SystemRandom random;
  client::Context client;
  http::CacheBudget cache{http::CacheBudget::kDefaultLimit};
  http::MediaTypes media_types = files::system_media_types();
  http::ServiceEnvironment environment{.clock = *loop, .cache = &cache, .media_types = &media_types, .client = &client};
};

json step_json(const http::Explanation::Step& step) {
  json result{{"statement", step.rule}, {"depth", step.depth}, {"asked", step.unmet.empty()}};
  if (!step.unmet.empty()) result["unmet"] = step.unmet;
  if (step.unmet.empty()) result["takes_it"] = step.flow == http::Flow::kTaken;
  if (!step.notes.empty()) result["notes"] = step.notes;
  return result;
}

json answer_json(const http::Exchange& exchange) {
  json result{{"status", exchange.response.status}, {"phrase", http::reason_phrase(exchange.response.status)}};
  if (exchange.refusal) {
    result["code"] = base::to_string(exchange.refusal->code);
    result["reason"] = exchange.refusal->reason;
  }
  result["fields"] = json::array();
  for (const auto& field : exchange.response.fields) {
    // The id is that of a request that nobody has sent.
    if (field.id != http::FieldId::kXRequestId) result["fields"].push_back({field.name, field.value});
  }
  return result;
}

// Takes the place of a worker: a request that arrives is not served but explained.
class Explainer final : private http::Dispatcher, private http::WireObserver, private http::WireHost {
 public:
  Explainer(const server::Plan& plan, Surroundings& surroundings, const http::Explanation::ServerStates* servers)
      : plan_(plan), surroundings_(surroundings), explanation_(surroundings.environment, servers) {
    for (const auto& site : plan.sites) {
      if (site->is_default) sites_.set_default(*site);
      for (const auto& host : site->hosts) sites_.add(host, *site);
    }
  }

  // Adds `site`, `steps` and `answer`.
  void run(std::string_view head, const http::ConnectionInfo& connection, json& result) {
    result_ = &result;
    const http::WireContext context{.blocks = blocks_,
                                    .time = surroundings_.time,
                                    .observer = *this,
                                    .next_exchange_id = next_exchange_id_,
                                    .error_pages = plan_.error_pages.get()};
    http::h1::Wire wire(context, *this, connection, *plan_.limits, *this);
    wire.receive(base::as_bytes(head));
    base::Buffer thrown_away;
    wire.produce(thrown_away, 1);  // of a body no more than the beginning
    wire.abandon();
    for (const auto& step : explanation_.steps()) result["steps"].push_back(step_json(step));
  }

 private:
  void dispatch(http::Exchange& exchange) override {
    if (const auto* pass = pass_for(exchange)) return tell_pass(*pass);
    const auto [named, name] = sites_.find(exchange.request.host);
    const bool in_clear = !exchange.connection().secure && !(named && named->clear_allowed);
    const server::SitePlan* site = in_clear ? plan_.clear_text.get() : named;
    tell_site(named, name, in_clear);
    exchange.error_pages = named && named->error_pages ? named->error_pages.get() : plan_.error_pages.get();
    if (!http::find_client(plan_.trusted_proxies, exchange)) return;
    (*result_)["client"] = exchange.client_address().to_string();
    if (!site) return exchange.refuse({421, server::kMisdirected, "no site here has this name"});
    if (site->service->explain(exchange, explanation_) == http::Flow::kTaken) return;
    http::refuse_unanswered(exchange);
  }

  // Whether such a connection would not be opened here at all.
  const server::PassPlan* pass_for(const http::Exchange& exchange) const {
    if (!exchange.connection().secure) return nullptr;
    tls::ClientHello hello;
    hello.server_name = exchange.request.host;
    const auto* pass = plan_.passes.find(hello);
    return pass ? pass->get() : nullptr;
  }

  void tell_pass(const server::PassPlan& pass) {
    (*result_)["site"] = {{"name", json()},
                          {"because", "connections for this name go to another server as they are, with TLS unopened"},
                          {"passed_to", pass.server.to_string()}};
  }

  void tell_site(const server::SitePlan* site, std::string_view name, bool in_clear) {
    json& told = (*result_)["site"];
    told["name"] = site ? json(site->name) : json();
    told["because"] = !site          ? "no site has this name, and none is the default"
                      : name.empty() ? "no site has this name, and this one is the default"
                                     : fmt::format("its name {} covers the host", name);
    if (in_clear) told["note"] = "over plain HTTP it only redirects: it has no \"http allow\"";
  }

  // Requests that break the rules come here without having been dispatched.
  void finished(const http::Exchange& exchange) override {
    if (exchange.responded()) (*result_)["answer"] = answer_json(exchange);
  }
  void violation(const http::ConnectionInfo&, const http::WireEvent&) override {}
  void wake() override {}

  const server::Plan& plan_;
  Surroundings& surroundings_;
  server::HostTable<const server::SitePlan> sites_;
  http::Explanation explanation_;
  base::BlockPool blocks_;
  std::uint64_t next_exchange_id_ = 1;
  json* result_ = nullptr;
};

}  // namespace

base::Result<json> explain_request(Settings& settings, const RequestToExplain& request,
                                   const http::Explanation::ServerStates* servers) {
  const auto target = read_url(request.url);
  if (!target) {
    return refusal(fmt::format("\"{}\" is not a URL to be asked for", request.url),
                   "it begins with https:// or http://, then come a host, a port perhaps, and a path");
  }
  GATE_TRY_ASSIGN(const auto head, head_of(request, *target));
  const base::SystemClock clock;
  GATE_TRY_ASSIGN(const auto surroundings, Surroundings::create(clock));

  const auto* listener = listener_for(settings, *target);
  http::ConnectionInfo connection;
  connection.peer = {request.client, 50'000};
  if (listener) connection.local = *listener;
  connection.secure = target->secure;

  json result{{"method", request.method}, {"url", request.url}, {"client", request.client.to_string()}};
  result["listener"] = listener_json(listener, *target);
  result["steps"] = json::array();

  const http::NoChallenges challenges;
  PlanInputs inputs{.https_port = settings.https.empty() ? kHttps : settings.https.front().port,
                    .http3_port = settings.http3 == Http3Mode::kOff || settings.https.empty()
                                      ? std::uint16_t{0}
                                      : settings.https.front().port,
                    .challenges = challenges};
  inputs.site_logs.resize(settings.sites.size());
  inputs.hsts_began.resize(settings.sites.size(), clock.wall());
  SiteNumbers numbers;
  const auto plan = build_plan(settings, inputs, numbers);
  Explainer(*plan, *surroundings, servers).run(head, connection, result);
  return result;
}

}  // namespace gate::app
