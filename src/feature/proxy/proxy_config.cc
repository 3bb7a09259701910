#include "feature/proxy/proxy_config.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"
#include "cert/certificate.h"
#include "client/server_config.h"
#include "conf/table.h"
#include "feature/proxy/codes.h"
#include "feature/proxy/proxy.h"
#include "feature/proxy/settings.h"
#include "http/request_rules.h"
#include "http/scan.h"

namespace gate::proxy {
namespace {

using namespace std::chrono_literals;
using Context = conf::Context<ProxySettings>;

constexpr conf::Choice<Balance> kBalances[] = {{"round-robin", Balance::kRoundRobin},
                                               {"least-connections", Balance::kLeastConnections},
                                               {"least-time", Balance::kLeastTime},
                                               {"random-two", Balance::kRandomTwo},
                                               {"hash", Balance::kHash},
                                               {"sticky", Balance::kSticky}};
constexpr conf::Choice<HashKey> kHashKeys[] = {
    {"client", HashKey::kClient}, {"path", HashKey::kPath}, {"header", HashKey::kHeader}, {"cookie", HashKey::kCookie}};

constexpr std::size_t kPemBytesMax = std::size_t{4} << 20;
constexpr std::string_view kFixDirect = "such as localhost:3000, https://example.com or unix:/run/app.sock";

void add_server(const conf::Word& word, ServerSettings server, ProxySettings& settings, conf::Reader& reader) {
  auto address = client::read_server_address(word, reader);
  if (!address) return;
  server.address = *std::move(address);
  if (std::ranges::find(settings.servers, server.address, &ServerSettings::address) != settings.servers.end()) {
    return reader.error(kBadServerList, word, fmt::format("{} stands there twice", conf::shown(word.text)),
                        "\"weight\" gives one server a larger share");
  }
  settings.servers.push_back(std::move(server));
}

void read_server(Context& context, const conf::Statement& statement) {
  ServerSettings server;
  for (std::size_t i = 1; i < statement.args.size(); ++i) {
    const auto& word = statement.args[i];
    if (word.text == "backup") {
      server.backup = true;
    } else if (word.text == "weight" && i + 1 < statement.args.size()) {
      if (const auto weight = context.reader.integer<std::uint32_t>(statement.args[++i], 1, 1000)) {
        server.weight = *weight;
      }
    } else {
      context.reader.error(conf::kBadChoice, word, fmt::format("{} says nothing of a server", conf::shown(word.text)),
                           "usage: server SERVER [weight N] [backup]");
    }
  }
  add_server(statement.args[0], server, context.plan, context.reader);
}

// "balance hash header x-user", "balance sticky route".
void read_balance(Context& context, const conf::Statement& statement) {
  const auto& words = statement.args;
  const auto balance = context.reader.choice(words[0], kBalances);
  if (!balance) return;
  context.plan.balance = *balance;
  std::size_t used = 1;
  if (*balance == Balance::kSticky) {
    context.plan.hash_name = words.size() > 1 ? words[1].text : "gate443-server";
    used = std::min<std::size_t>(words.size(), 2);
  }
  if (*balance == Balance::kHash && words.size() > 1) {
    const auto key = context.reader.choice(words[1], kHashKeys);
    if (!key) return;
    context.plan.hash_key = *key;
    const bool named = *key == HashKey::kHeader || *key == HashKey::kCookie;
    used = named ? 3 : 2;
    if (words.size() >= 3) {
      context.plan.hash_name = *key == HashKey::kHeader ? base::lowered(words[2].text) : words[2].text;
    }
  }
  const bool bad_name = !context.plan.hash_name.empty() && !http::is_token(context.plan.hash_name);
  if (words.size() != used || bad_name) {
    context.reader.error(conf::kWrongArgumentCount, words.back(), "the key of the balance is not complete or too long",
                         "balance hash client|path|header NAME|cookie NAME; balance sticky [COOKIE]");
  }
}

void read_host(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (word.text == "client" || word.text == "server") {
    context.plan.host = word.text == "client" ? HostPolicy::kClient : HostPolicy::kServer;
    return;
  }
  const auto fits = [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || std::string_view(".-_:[]").contains(c);
  };
  if (word.text.empty() || !std::ranges::all_of(word.text, fits)) {
    return context.reader.error(conf::kBadChoice, word, fmt::format("{} is no host", conf::shown(word.text)),
                                "client, server or a name");
  }
  context.plan.host = HostPolicy::kFixed;
  context.plan.host_name = word.text;
}

void read_header(Context& context, const conf::Statement& statement) {
  const auto& words = statement.args;
  const bool remove = words[0].text == "remove";
  const bool known = remove || words[0].text == "set";
  if (!known || words.size() != (remove ? 2 : 3)) {
    return context.reader.error(conf::kBadChoice, words[0],
                                fmt::format("{} is no rule for a field", conf::shown(words[0].text)),
                                "header set NAME VALUE, or header remove NAME");
  }
  FieldRule rule{base::lowered(words[1].text), remove ? "" : words[2].text, remove};
  constexpr std::array<std::string_view, 7> kOfTheWire{"host", "connection", "content-length", "transfer-encoding",
                                                       "te",   "upgrade",    "keep-alive"};
  if (!http::is_token(rule.name) || std::ranges::find(kOfTheWire, rule.name) != kOfTheWire.end()) {
    return context.reader.error(conf::kBadChoice, words[1],
                                fmt::format("the field {} cannot be changed", conf::shown(words[1].text)),
                                "\"host\" has a statement of its own; the others belong to the connection");
  }
  if (!remove && !http::is_field_value(rule.value)) {
    return context.reader.error(conf::kBadChoice, words[2], "a field's value may hold no control characters");
  }
  context.plan.request_fields.push_back(std::move(rule));
}

void read_retry(Context& context, const conf::Statement& statement) {
  if (const auto attempts = context.reader.integer<std::uint32_t>(statement.args[0], 0, 10)) {
    context.plan.retry.attempts_max = *attempts + 1;
  }
  for (std::size_t i = 1; i < statement.args.size(); ++i) {
    if (const auto status = context.reader.status(statement.args[i], 400)) {
      context.plan.retry.statuses.push_back(*status);
    }
  }
}

void read_eject(Context& context, const conf::Statement& statement) {
  const auto& words = statement.args;
  if (words[0].text == "off" && words.size() == 1) {
    context.plan.eject.failures = 0;
    return;
  }
  if (const auto failures = context.reader.integer<std::uint32_t>(words[0], 1, 1000)) {
    context.plan.eject.failures = *failures;
  }
  if (words.size() < 2) return;
  if (const auto time = context.reader.duration(words[1], {1s, 1h})) {
    context.plan.eject.time = *time;
    context.plan.eject.time_max = std::max(context.plan.eject.time_max, *time);
  }
}

void read_slow_start(Context& context, const conf::Statement& statement) {
  if (const auto time = context.reader.duration(statement.args[0], {1s, 1h})) context.plan.slow_start = *time;
}

constexpr conf::Directive<CheckSettings> kCheckDirectives[] = {
    {.name = "interval",
     .synopsis = "interval TIME",
     .summary = "The time between two questions; 10s unless said otherwise.",
     .args = {1, 1},
     .handle =
         [](conf::Context<CheckSettings>& context, const conf::Statement& statement) {
           if (const auto time = context.reader.duration(statement.args[0], {100ms, 24h}))
             context.plan.interval = *time;
         }},
    {.name = "timeout",
     .synopsis = "timeout TIME",
     .summary = "How long an answer may take; 5s unless said otherwise.",
     .args = {1, 1},
     .handle =
         [](conf::Context<CheckSettings>& context, const conf::Statement& statement) {
           if (const auto time = context.reader.duration(statement.args[0], {10ms, 1h})) context.plan.timeout = *time;
         }},
    {.name = "status",
     .synopsis = "status STATUS",
     .summary = "The answer of a server that is well; any from 200 to 399 unless said otherwise.",
     .args = {1, 1},
     .handle =
         [](conf::Context<CheckSettings>& context, const conf::Statement& statement) {
           if (const auto status = context.reader.status(statement.args[0], 200)) context.plan.status = *status;
         }},
    {.name = "body",
     .synopsis = "body TEXT",
     .summary = "What the first 64 KiB of the answer must hold.",
     .args = {1, 1},
     .handle = [](conf::Context<CheckSettings>& context,
                  const conf::Statement& statement) { context.plan.body = statement.args[0].text; }},
    {.name = "rise",
     .synopsis = "rise N",
     .summary = "How many good answers in a row bring a server back; 2 unless said otherwise.",
     .args = {1, 1},
     .handle =
         [](conf::Context<CheckSettings>& context, const conf::Statement& statement) {
           if (const auto n = context.reader.integer<std::uint32_t>(statement.args[0], 1, 100)) context.plan.rise = *n;
         }},
    {.name = "fall",
     .synopsis = "fall N",
     .summary = "How many bad answers in a row take a server out; 3 unless said otherwise.",
     .args = {1, 1},
     .handle =
         [](conf::Context<CheckSettings>& context, const conf::Statement& statement) {
           if (const auto n = context.reader.integer<std::uint32_t>(statement.args[0], 1, 100)) context.plan.fall = *n;
         }},
};

void read_check(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (!word.text.starts_with('/') || http::visible_prefix(word.text) != word.text.size()) {
    return context.reader.error(conf::kBadPath, word, fmt::format("{} is no path to ask for", conf::shown(word.text)),
                                "such as /health");
  }
  context.plan.check.path = word.text;
  conf::read_block<CheckSettings>(statement, kCheckDirectives, context.plan.check, context.reader);
}

void read_trust(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (word.text == "anybody") {
    context.plan.trust = Trust::kAnybody;
    return;
  }
  if (word.text == "system") return;
  const auto file = context.reader.file(word, kPemBytesMax);
  if (!file) return;
  const auto certificates = cert::certificates_from_pem(file->content, file->path);
  if (!certificates)
    return context.reader.error(certificates.error().code, word, certificates.error().what, certificates.error().fix);
  context.plan.trust = Trust::kFile;
  context.plan.roots = std::make_shared<const cert::Roots>(cert::Roots::of(*certificates));
  context.plan.pool_text += fmt::format("trust {:x} ", std::hash<std::string>{}(file->content));
}

void read_pass_client_certificate(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<ClientCertificateSaid> kChain[] = {{"chain", ClientCertificateSaid::kWithChain}};
  context.plan.client_certificate = ClientCertificateSaid::kOwn;
  if (statement.args.empty()) return;
  if (const auto said = context.reader.choice(statement.args[0], kChain)) context.plan.client_certificate = *said;
}

void read_client_certificate(Context& context, const conf::Statement& statement) {
  const auto& words = statement.args;
  if (words[1].text != "key") {
    return context.reader.error(conf::kBadChoice, words[1], "a certificate needs its key",
                                "client-certificate FILE key FILE");
  }
  const auto chain = context.reader.file(words[0], kPemBytesMax);
  const auto key = context.reader.file(words[2], kPemBytesMax);
  if (!chain || !key) return;
  auto credential = cert::read_credential(
      {.chain_pem = chain->content, .key_pem = key->content, .chain_origin = chain->path, .key_origin = key->path});
  if (!credential) {
    const auto& error = credential.error();
    return context.reader.error(error.code, words[0], fmt::format("{}: {}", error.what, error.why), error.fix);
  }
  context.plan.credential = std::make_shared<const cert::Credential>(*std::move(credential));
  context.plan.pool_text += fmt::format("as {} ", base::to_hex(context.plan.credential->leaf().fingerprint()));
}

void read_server_name(Context& context, const conf::Statement& statement) {
  if (const auto name = context.reader.host_name(statement.args[0])) context.plan.server_name = name->name;
}

void read_proxy_protocol(Context& context, const conf::Statement& statement) {
  const auto version = client::read_proxy_protocol(statement.args[0], context.reader);
  if (version) context.plan.proxy_protocol = *version;
}

constexpr client::TimeoutChoice<ProxySettings> kTimeouts[] = {{"connect", {&ProxySettings::connect_timeout, nullptr}},
                                                              {"queue", {&ProxySettings::queue_timeout, nullptr}},
                                                              {"response", {nullptr, &http::Limits::header_timeout}},
                                                              {"read", {nullptr, &http::Limits::stall_timeout}},
                                                              {"idle", {nullptr, &http::Limits::idle_timeout}}};

void read_timeout(Context& context, const conf::Statement& statement) {
  client::read_timeout(context, statement, kTimeouts);
}

// buffer request SIZE  ·  buffer response SIZE
void read_buffer(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<std::size_t ProxySettings::*> kSides[] = {{"request", &ProxySettings::request_buffer},
                                                                   {"response", &ProxySettings::response_buffer}};
  constexpr conf::SizeRange kSizes{http::CallBody::kBufferedBytesMax, 1024 * 1024 * 1024};
  const auto side = context.reader.choice(statement.args[0], kSides);
  const auto size = context.reader.size(statement.args[1], kSizes);
  if (side && size) context.plan.*(*side) = *size;
}

void read_connections(Context& context, const conf::Statement& statement) {
  if (const auto count = context.reader.integer<std::uint32_t>(statement.args[0], 1, 65'535)) {
    context.plan.connections_max = *count;
  }
}

void read_queue(Context& context, const conf::Statement& statement) {
  if (const auto count = context.reader.integer<std::uint32_t>(statement.args[0], 0, 1'000'000)) {
    context.plan.queue_max = *count;
  }
}

constexpr conf::Directive<ProxySettings> kDirectives[] = {
    {.name = "server",
     .synopsis = "server SERVER [weight N] [backup]",
     .summary = "One more server, with its share, or only while no other can be used.",
     .args = {1, 4},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_server},
    {.name = "balance",
     .synopsis = "balance round-robin|least-connections|least-time|random-two|hash KEY|sticky [COOKIE]",
     .summary = "How a server is chosen; the less busy one of two by chance unless said otherwise.",
     .args = {1, 3},
     .handle = read_balance},
    {.name = "host",
     .synopsis = "host client|server|NAME",
     .summary = "The Host that servers see: the client's, over TLS the server's own, unless said otherwise.",
     .args = {1, 1},
     .handle = read_host},
    {.name = "header",
     .synopsis = "header set NAME VALUE | header remove NAME",
     .summary = "Changes a field of the request on its way to the server.",
     .args = {2, 3},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_header},
    {.name = "pass-client-certificate",
     .synopsis = "pass-client-certificate [chain]",
     .summary = "Tells servers what the client has proved itself with: Client-Cert, and Client-Cert-Chain.",
     .args = {0, 1},
     .handle = read_pass_client_certificate},
    {.name = "retry",
     .synopsis = "retry N [STATUS…]",
     .summary =
         "How often a request is sent once more where that is safe, 2 unless said otherwise; also after these answers.",
     .args = {1, 16},
     .handle = read_retry},
    {.name = "eject",
     .synopsis = "eject N [TIME] | eject off",
     .summary = "Leaves a server alone for TIME after N failures in a row; 5 and 10s unless said otherwise.",
     .args = {1, 2},
     .handle = read_eject},
    {.name = "slow-start",
     .synopsis = "slow-start TIME",
     .summary =
         "Lets a server that has come back grow to its full share within this time; at once unless said otherwise.",
     .args = {1, 1},
     .handle = read_slow_start},
    {.name = "check",
     .synopsis = "check PATH [{ … }]",
     .summary = "Asks each server for PATH at intervals, and uses those that answer well.",
     .args = {1, 1},
     .block = conf::BlockRule::kAllowed,
     .handle = read_check},
    {.name = "trust",
     .synopsis = "trust system|FILE|anybody",
     .summary = "Who vouches for servers over TLS: the system's roots, those of a file, or nobody.",
     .args = {1, 1},
     .handle = read_trust},
    {.name = "client-certificate",
     .synopsis = "client-certificate FILE key FILE",
     .summary = "What servers over TLS are shown that want to know who asks.",
     .args = {3, 3},
     .handle = read_client_certificate},
    {.name = "server-name",
     .synopsis = "server-name NAME",
     .summary = "The name asked for over TLS, which the server's certificate must cover.",
     .args = {1, 1},
     .handle = read_server_name},
    {.name = "proxy-protocol",
     .synopsis = "proxy-protocol v1|v2",
     .summary = "Says to servers for whom each connection is; it then carries a single request.",
     .args = {1, 1},
     .handle = read_proxy_protocol},
    {.name = "timeout",
     .synopsis = "timeout connect|queue|response|read|idle TIME",
     .summary = "How long each phase may take: 5s, 10s, 60s, 5m and 60s unless said otherwise.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_timeout},
    {.name = "buffer",
     .synopsis = "buffer request SIZE | buffer response SIZE",
     .summary = "Takes a request in before a server is asked, or a response from it at once, up to SIZE.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_buffer},
    {.name = "connections",
     .synopsis = "connections N",
     .summary = "At most so many connections to each server from each worker; 1024 unless said otherwise.",
     .args = {1, 1},
     .handle = read_connections},
    {.name = "queue",
     .synopsis = "queue N",
     .summary = "At most so many requests of each worker wait for a connection; 1024 unless said otherwise.",
     .args = {1, 1},
     .handle = read_queue},
};

bool any_over_tls(const ProxySettings& settings) {
  return std::ranges::any_of(settings.servers, [](const auto& server) { return server.address.secure(); });
}

void check_servers(const conf::Statement& statement, const ProxySettings& settings, conf::Reader& reader) {
  if (settings.servers.empty() && !reader.diagnostics().has_errors()) {
    reader.error(kBadServerList, statement.name, "\"proxy\" names no server", std::string(kFixDirect));
  }
  const bool only_backups = !settings.servers.empty() && std::ranges::all_of(settings.servers, &ServerSettings::backup);
  if (only_backups) {
    reader.error(kBadServerList, statement.name, "every server is a backup", "leave \"backup\" out for one of them");
  }
  const bool tls_settings =
      settings.trust != Trust::kSystem || !settings.server_name.empty() || settings.credential != nullptr;
  if (tls_settings && !settings.servers.empty() && !any_over_tls(settings)) {
    reader.error(kTlsNotSpoken, statement.name,
                 "\"trust\", \"server-name\" and \"client-certificate\" are for servers over TLS",
                 "write https:// before the server");
  }
}

void finish(const conf::Statement& statement, ProxySettings& settings, conf::Reader& reader) {
  if (any_over_tls(settings) && settings.trust == Trust::kSystem) {
    auto roots = cert::Roots::system();
    if (!roots) {
      reader.error(roots.error().code, statement.name, roots.error().what, roots.error().fix);
    } else {
      settings.roots = std::make_shared<const cert::Roots>(*std::move(roots));
    }
  }
  const http::Limits& limits = settings.limits;
  settings.pool_text += fmt::format(
      "{} {} {} {} {} {} {} {} {} {}", static_cast<int>(settings.trust), static_cast<int>(settings.proxy_protocol),
      settings.server_name, settings.connect_timeout, settings.queue_timeout, limits.header_timeout,
      limits.stall_timeout, limits.idle_timeout, settings.connections_max, settings.queue_max);
}

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_proxy(const conf::Statement& statement, conf::Reader& reader) {
  ProxySettings settings;
  for (const auto& word : statement.args) add_server(word, {}, settings, reader);
  conf::read_block<ProxySettings>(statement, kDirectives, settings, reader);
  check_servers(statement, settings, reader);
  finish(statement, settings, reader);
  return std::make_unique<ProxyPlan>(std::move(settings));
}

}  // namespace gate::proxy
