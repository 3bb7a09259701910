#include "app/read_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "app/codes.h"
#include "app/folders.h"
#include "app/read_acme.h"
#include "app/read_alerts.h"
#include "app/read_ech.h"
#include "app/read_limits.h"
#include "app/read_log.h"
#include "app/read_pass.h"
#include "app/read_site.h"
#include "conf/table.h"

namespace gate::app {
namespace {

using Context = conf::Context<Settings>;

void read_state(Context& context, const conf::Statement& statement) {
  if (auto path = context.reader.path(statement.args[0])) context.plan.state_folder = *path;
}

// "443" and ":443" stand for every address of both families, "localhost:8443" for both loopbacks.
std::vector<base::Endpoint> listen_addresses(const conf::Word& word, conf::Reader& reader) {
  const auto on_both = [](std::string_view six, std::string_view four, std::uint16_t port) {
    return std::vector<base::Endpoint>{{*base::IpAddress::parse(six), port}, {*base::IpAddress::parse(four), port}};
  };
  const std::string_view text = word.text;
  const auto colon = text.rfind(':');
  const bool port_only = colon == std::string_view::npos || colon == 0;
  const auto port = base::parse_number<std::uint16_t>(text.substr(colon == std::string_view::npos ? 0 : colon + 1));
  if (port_only && port) return on_both("::", "0.0.0.0", *port);
  if (port && text.substr(0, colon) == "localhost") return on_both("::1", "127.0.0.1", *port);
  // Port 0 takes a free one, which tests and `serve` use.
  if (const auto endpoint = base::Endpoint::parse(text)) return {*endpoint};
  reader.error(conf::kBadAddress, word, fmt::format("{} is no address to listen on", conf::shown(text)),
               "write a port, \"443\", or an address with a port, \"192.0.2.1:443\" or \"[2001:db8::1]:443\"");
  return {};
}

void read_addresses(std::vector<base::Endpoint>& into, Context& context, const conf::Statement& statement) {
  into.clear();
  if (statement.args.size() == 1 && statement.args[0].text == "off") return;
  for (const auto& word : statement.args) {
    for (const auto& endpoint : listen_addresses(word, context.reader)) into.push_back(endpoint);
  }
}

void read_https(Context& context, const conf::Statement& statement) {
  read_addresses(context.plan.https, context, statement);
}

// http3 on  ·  http3 optional  ·  http3 off [ADDRESS…]
void read_http3(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<Http3Mode> kModes[] = {
      {"on", Http3Mode::kOn}, {"optional", Http3Mode::kOptional}, {"off", Http3Mode::kOff}};
  const auto mode = context.reader.choice(statement.args[0], kModes);
  if (!mode) return;
  const auto addresses = std::span(statement.args).subspan(1);
  if (addresses.empty()) {
    context.plan.http3 = *mode;
    return;
  }
  if (*mode != Http3Mode::kOff) {
    context.reader.error(conf::kWrongArgumentCount, addresses[0], "only \"http3 off\" takes addresses",
                         "HTTP/3 is served on every address of HTTPS");
    return;
  }
  for (const auto& word : addresses) {
    for (const auto& endpoint : listen_addresses(word, context.reader)) context.plan.without_http3.push_back(endpoint);
  }
}

void read_congestion(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<quic::CongestionControl> kAlgorithms[] = {{"cubic", quic::CongestionControl::kCubic},
                                                                   {"bbr", quic::CongestionControl::kBbr}};
  if (const auto chosen = context.reader.choice(statement.args[0], kAlgorithms)) context.plan.congestion = *chosen;
}

void read_ech_statement(Context& context, const conf::Statement& statement) {
  context.plan.ech = read_ech(statement, context.reader);
}

void read_qlog(Context& context, const conf::Statement& statement) {
  if (auto path = context.reader.path(statement.args[0])) context.plan.qlog_folder = *path;
}

void read_http(Context& context, const conf::Statement& statement) {
  read_addresses(context.plan.http, context, statement);
}

void read_workers(Context& context, const conf::Statement& statement) {
  constexpr std::uint32_t kWorkersMax = 256;
  if (auto count = context.reader.integer<std::uint32_t>(statement.args[0], 1, kWorkersMax))
    context.plan.workers = *count;
}

void read_user(Context& context, const conf::Statement& statement) {
  context.plan.user = statement.args[0].text;
  if (statement.args.size() > 1) context.plan.group = statement.args[1].text;
}

void read_admin(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (word.text == "off") {
    context.plan.admin = false;
  } else if (auto path = context.reader.path(word)) {
    context.plan.admin_socket = *path;
  }
}

void read_metrics(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  const auto endpoint = context.reader.endpoint(word);
  if (endpoint && !endpoint->address.is_loopback()) {
    context.reader.error(kMetricsNotLoopback, word, "metrics are only given out on a loopback address",
                         "they tell an attacker much; use 127.0.0.1 and a collector on this machine");
  }
  context.plan.metrics = endpoint;
}

void read_access_log_statement(Context& context, const conf::Statement& statement) {
  if (auto log = read_access_log(statement, context.reader)) context.plan.access_log = *log;
}

void read_audit_log_statement(Context& context, const conf::Statement& statement) {
  if (auto log = read_audit_log(statement, context.reader)) context.plan.audit_log = *log;
}

// proxy-protocol [ADDRESS…] from CIDR…
void read_proxy_protocol(Context& context, const conf::Statement& statement) {
  const std::span<const conf::Word> args(statement.args);
  const auto from = std::ranges::find(args, "from", &conf::Word::text);
  const auto addresses = args.first(static_cast<std::size_t>(from - args.begin()));
  const auto blocks = args.subspan(std::min(args.size(), addresses.size() + 1));
  if (blocks.empty()) {
    context.reader.error(conf::kWrongArgumentCount, statement.name, "it is not said which proxies may connect",
                         "name them: proxy-protocol from 10.0.0.0/8");
    return;
  }
  auto& settings = context.plan.proxy_protocol.emplace();
  for (const auto& word : addresses) {
    for (const auto& endpoint : listen_addresses(word, context.reader)) {
      settings.addresses.push_back({.endpoint = endpoint, .at = word.at});
    }
  }
  for (const auto& word : blocks) {
    if (const auto block = context.reader.cidr(word)) settings.proxies.push_back(*block);
  }
}

void read_trusted_by(conf::Context<http::TrustedProxies>& context, const conf::Statement& statement) {
  using By = http::TrustedProxies::By;
  constexpr conf::Choice<By> kFields[] = {{"forwarded", By::kForwarded}, {"x-forwarded-for", By::kXForwardedFor}};
  if (const auto by = context.reader.choice(statement.args[0], kFields)) context.plan.by = *by;
}

// trusted-proxies CIDR… [{ by FIELD }]
void read_trusted_proxies(Context& context, const conf::Statement& statement) {
  constexpr conf::Directive<http::TrustedProxies> kInside[] = {
      {.name = "by",
       .synopsis = "by forwarded | x-forwarded-for",
       .summary = "The one field in which these proxies name the client; the other is not looked at.",
       .args = {1, 1},
       .handle = read_trusted_by}};
  auto& trusted = context.plan.trusted_proxies;
  for (const auto& word : statement.args) {
    if (const auto block = context.reader.cidr(word)) trusted.blocks.push_back(*block);
  }
  conf::read_block<http::TrustedProxies>(statement, kInside, trusted, context.reader);
}

void read_key_log(Context& context, const conf::Statement& statement) {
  auto path = context.reader.path(statement.args[0]);
  if (!path) return;
  context.plan.key_log = *path;
  context.reader.warning(conf::kContradiction, statement.name,
                         "key-log writes the keys of every connection: whoever reads that file reads all traffic",
                         "remove the statement when you have finished debugging");
}

void read_email_statement(Context& context, const conf::Statement& statement) {
  if (auto address = read_email(statement.args[0], context.reader)) context.plan.email = *std::move(address);
}

void read_acme_statement(Context& context, const conf::Statement& statement) {
  context.plan.acme = read_acme(statement, context.reader);
  if (context.plan.acme.on_demand) {
    context.reader.error(conf::kContradiction, statement.name, "\"on-demand\" belongs to a site",
                         "write it into the block of the site's \"tls acme\"");
  }
}

void read_alerts_statement(Context& context, const conf::Statement& statement) {
  context.plan.alerts = read_alerts(statement, context.reader);
}

void read_site_statement(Context& context, const conf::Statement& statement) {
  context.plan.sites.push_back(read_site(statement, context.reader));
}

void read_pass_statement(Context& context, const conf::Statement& statement) {
  if (auto pass = read_pass(statement, context.reader)) context.plan.passes.push_back(*std::move(pass));
}

constexpr conf::Directive<Settings> kStatements[] = {
    {.name = "site",
     .synopsis = "site NAME… { … }",
     .summary = "One site: the names it answers to and the statements that answer.",
     .args = {1, conf::kAnyNumber},
     .block = conf::BlockRule::kRequired,
     .occurs = conf::Occurs::kRepeated,
     .handle = read_site_statement},
    {.name = "pass",
     .synopsis = "pass NAME… SERVER [{ … }]",
     .summary = "Passes connections for these names on to another server as they are, TLS unopened.",
     .args = {2, 64},
     .block = conf::BlockRule::kAllowed,
     .occurs = conf::Occurs::kRepeated,
     .handle = read_pass_statement},
    {.name = "email",
     .synopsis = "email ADDRESS",
     .summary = "Whom certificate authorities may write to.",
     .args = {1, 1},
     .handle = read_email_statement},
    {.name = "acme",
     .synopsis = "acme { … }",
     .summary = "From which authorities public names get their certificates; Let's Encrypt unless given.",
     .block = conf::BlockRule::kRequired,
     .handle = read_acme_statement},
    {.name = "https",
     .synopsis = "https ADDRESS…",
     .summary = "Where HTTPS is served; \"443\" (every address) unless given.",
     .args = {1, 64},
     .handle = read_https},
    {.name = "http",
     .synopsis = "http ADDRESS… | off",
     .summary = "Where plain HTTP is redirected to HTTPS; \"80\" unless given.",
     .args = {1, 64},
     .handle = read_http},
    {.name = "http3",
     .synopsis = "http3 on | optional | off [ADDRESS…]",
     .summary = "Whether HTTP/3 is served over UDP, beside HTTPS.",
     .args = {1, 64},
     .handle = read_http3},
    {.name = "congestion",
     .synopsis = "congestion cubic | bbr",
     .summary = "How HTTP/3 finds out how fast the network takes packets; cubic unless given.",
     .args = {1, 1},
     .handle = read_congestion},
    {.name = "ech",
     .synopsis = "ech OUTER_NAME [{ publish … }]",
     .summary = "Lets clients ask for sites by encrypted names; observers see OUTER_NAME, a site of yours, alone.",
     .args = {1, 1},
     .block = conf::BlockRule::kAllowed,
     .handle = read_ech_statement},
    {.name = "qlog",
     .synopsis = "qlog DIRECTORY",
     .summary = "Writes a qlog file a QUIC connection, for qvis. Costs time and space.",
     .args = {1, 1},
     .handle = read_qlog},
    {.name = "state",
     .synopsis = "state DIRECTORY",
     .summary = "The folder for keys, certificates and everything else that outlives a restart.",
     .args = {1, 1},
     .handle = read_state},
    {.name = "workers",
     .synopsis = "workers NUMBER",
     .summary = "How many threads serve; one a core unless given.",
     .args = {1, 1},
     .handle = read_workers},
    {.name = "user",
     .synopsis = "user NAME [GROUP]",
     .summary = "Whom to become after the ports are open, when started as root.",
     .args = {1, 2},
     .handle = read_user},
    {.name = "admin",
     .synopsis = "admin PATH | off",
     .summary = "The Unix socket for reload, stop, status and metrics.",
     .args = {1, 1},
     .handle = read_admin},
    {.name = "metrics",
     .synopsis = "metrics ADDRESS",
     .summary = "A loopback address that answers GET /metrics for Prometheus.",
     .args = {1, 1},
     .handle = read_metrics},
    {.name = "access-log",
     .synopsis = "access-log FILE | stdout | off [json | combined]",
     .summary = "Where each request is written down.",
     .args = {1, 2},
     .handle = read_access_log_statement},
    {.name = "audit-log",
     .synopsis = "audit-log FILE | stderr | off",
     .summary = "Where refusals, failed handshakes and changes are written down.",
     .args = {1, 1},
     .handle = read_audit_log_statement},
    {.name = "key-log",
     .synopsis = "key-log FILE",
     .summary = "Writes TLS session keys for Wireshark. Dangerous.",
     .args = {1, 1},
     .handle = read_key_log},
    {.name = "alerts",
     .synopsis = "alerts { … }",
     .summary = "Who is told when something is wrong with a certificate: webhooks and mail.",
     .block = conf::BlockRule::kRequired,
     .handle = read_alerts_statement},
    {.name = "proxy-protocol",
     .synopsis = "proxy-protocol [ADDRESS…] from CIDR…",
     .summary = "Addresses at which proxies say, by the PROXY protocol, for whom they connect.",
     .args = {1, 256},
     .handle = read_proxy_protocol},
    {.name = "trusted-proxies",
     .synopsis = "trusted-proxies CIDR… [{ by forwarded | x-forwarded-for }]",
     .summary = "Proxies in front of this server that are believed who their clients are.",
     .args = {1, 256},
     .block = conf::BlockRule::kAllowed,
     .handle = read_trusted_proxies},
    {.name = "limits",
     .synopsis = "limits { … }",
     .summary = "Bounds and deadlines of connections and requests.",
     .block = conf::BlockRule::kRequired,
     .handle = read_limits},
};

// The default addresses need no statement; everything else that has a default gets it here.
Settings defaults() {
  Settings settings;
  constexpr std::uint16_t kHttps = 443;
  constexpr std::uint16_t kHttp = 80;
  for (const char* any : {"::", "0.0.0.0"}) {
    settings.https.push_back({*base::IpAddress::parse(any), kHttps});
    settings.http.push_back({*base::IpAddress::parse(any), kHttp});
  }
  settings.state_folder = default_state_folder();
  return settings;
}

void check_names(const Settings& settings, conf::Reader& reader) {
  std::unordered_map<std::string, conf::Position> seen;
  const SiteSettings* first_default = nullptr;
  for (const auto& site : settings.sites) {
    for (const auto& name : site.names) {
      const auto [place, added] = seen.emplace(name.name, site.at);
      if (added) continue;
      reader.diagnostics().add({.code = kDuplicateSiteName,
                                .at = site.at,
                                .message = fmt::format("{} is a name of two sites", conf::shown(name.name)),
                                .help = "a request can only go to one of them; first given at",
                                .related = place->second});
    }
    if (!site.is_default) continue;
    if (first_default) {
      reader.diagnostics().add({.code = kSeveralDefaults,
                                .at = site.at,
                                .message = "two sites say \"default\"",
                                .help = "only one can answer unknown names; the other stands at",
                                .related = first_default->at});
    }
    first_default = &site;
  }
}

// A name is passed on or served, unless it is passed on for some protocols only.
void check_passed_names(const Settings& settings, conf::Reader& reader) {
  std::unordered_map<std::string_view, conf::Position> served;
  std::unordered_map<std::string_view, conf::Position> passed;
  for (const auto& site : settings.sites) {
    for (const auto& name : site.names) served.emplace(name.name, site.at);
  }
  for (const auto& pass : settings.passes) {
    for (const auto& name : pass.plan->names) {
      const auto site = pass.plan->alpn.empty() ? served.find(name) : served.end();
      const auto [other, added] = passed.emplace(name, pass.at);
      if (added && site == served.end()) continue;
      reader.diagnostics().add(
          {.code = kDuplicateSiteName,
           .at = pass.at,
           .message = fmt::format("{} is {}", conf::shown(name), added ? "served by a site" : "passed on already"),
           .help = "a connection can only go to one of them; the other stands at",
           .related = added ? site->second : other->second});
    }
  }
}

void check_proxy_protocol(const Settings& settings, conf::Reader& reader) {
  if (!settings.proxy_protocol) return;
  for (const auto& [endpoint, at] : settings.proxy_protocol->addresses) {
    const bool known = std::ranges::find(settings.https, endpoint) != settings.https.end() ||
                       std::ranges::find(settings.http, endpoint) != settings.http.end();
    if (known) continue;
    reader.diagnostics().error(conf::kContradiction, at, fmt::format("nothing listens on {}", endpoint.to_string()),
                               "write the address as it stands in \"https\" or \"http\"");
  }
}

}  // namespace

bool ProxyProtocolSettings::covers(const base::Endpoint& address) const {
  const auto same = [&address](const Address& each) { return each.endpoint == address; };
  return addresses.empty() || std::ranges::any_of(addresses, same);
}

Settings read_settings(const conf::Block& root, conf::Reader& reader) {
  Settings settings = defaults();
  conf::Scope scope;
  scope.add(std::span<const conf::Directive<Settings>>(kStatements), settings);
  scope.read(root, reader);
  if (settings.admin && settings.admin_socket.empty()) settings.admin_socket = admin_socket_in(settings.state_folder);
  complete_acme(settings, reader);
  check_names(settings, reader);
  check_passed_names(settings, reader);
  check_proxy_protocol(settings, reader);
  check_ech(settings, reader);
  if (settings.sites.empty() && settings.passes.empty() && !reader.diagnostics().has_errors()) {
    reader.diagnostics().error(kNoSites, {}, "the configuration has no site",
                               "add one: site localhost { files /srv/www }");
  }
  return settings;
}

std::vector<StatementHelp> statement_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kStatements) help.push_back({row.name, row.synopsis, row.summary, "configuration"});
  for (const auto& row : pass_help()) help.push_back(row);
  for (const auto& row : limit_help()) help.push_back(row);
  for (const auto& row : acme_help()) help.push_back(row);
  for (const auto& row : ech_help()) help.push_back(row);
  for (const auto& row : alert_help()) help.push_back(row);
  for (const auto& row : site_help()) help.push_back(row);
  return help;
}

}  // namespace gate::app
