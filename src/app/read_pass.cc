#include "app/read_pass.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <utility>

#include "client/server_config.h"
#include "conf/table.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using Context = conf::Context<server::PassPlan>;

void read_alpn(Context& context, const conf::Statement& statement) {
  constexpr std::size_t kNameMax = 255;  // RFC 7301 3.1
  for (const auto& word : statement.args) {
    if (word.text.empty() || word.text.size() > kNameMax) {
      context.reader.error(conf::kBadChoice, word, "the name of a protocol has 1 to 255 characters", "such as h2");
    }
    context.plan.alpn.push_back(word.text);
  }
}

void read_proxy_protocol(Context& context, const conf::Statement& statement) {
  const auto version = client::read_proxy_protocol(statement.args[0], context.reader);
  if (version) context.plan.proxy_protocol = *version;
}

void read_timeout(Context& context, const conf::Statement& statement) {
  using Time = std::chrono::milliseconds server::PassPlan::*;
  constexpr conf::Choice<Time> kTimes[] = {{"connect", &server::PassPlan::connect_timeout},
                                           {"idle", &server::PassPlan::idle_timeout}};
  const auto which = context.reader.choice(statement.args[0], kTimes);
  const auto time = context.reader.duration(statement.args[1], {1ms, 24h});
  if (which && time) context.plan.** which = *time;
}

constexpr conf::Directive<server::PassPlan> kDirectives[] = {
    {.name = "alpn",
     .synopsis = "alpn NAME…",
     .summary = "Passes only connections on that offer one of these protocols; the others are served here.",
     .args = {1, 16},
     .handle = read_alpn},
    {.name = "proxy-protocol",
     .synopsis = "proxy-protocol v1|v2",
     .summary = "Says to the server for whom each connection is.",
     .args = {1, 1},
     .handle = read_proxy_protocol},
    {.name = "timeout",
     .synopsis = "timeout connect|idle TIME",
     .summary = "How long connecting may take, and how long a connection may be silent: 5s and 1h.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_timeout},
};

// "localhost:8443", "192.0.2.7" (port 443), "8443", "unix:/run/app.sock".
void read_server(const conf::Word& word, server::PassPlan& plan, conf::Reader& reader) {
  if (word.text.contains("://")) {
    reader.error(conf::kBadChoice, word, "connections are passed on as they are: the server has no scheme",
                 "such as localhost:8443 or unix:/run/app.sock");
    return;
  }
  const bool has_path = word.text.starts_with("unix:");
  auto address = client::ServerAddress::parse(has_path ? word.text : "https://" + word.text);
  if (!address) {
    reader.error(address.error().code, word, fmt::format("{} is no address of a server", conf::shown(word.text)),
                 "such as localhost:8443 or unix:/run/app.sock");
    return;
  }
  plan.server = *std::move(address);
}

void read_name(const conf::Word& word, server::PassPlan& plan, conf::Reader& reader) {
  const auto name = reader.host_name(word);
  if (!name) return;
  // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted" as a name that is asked for.
  if (name->kind == conf::HostName::Kind::kAddress) {
    reader.error(conf::kBadHostName, word, "clients do not ask for addresses by name", "write the server last");
    return;
  }
  plan.names.push_back(name->name);
}

}  // namespace

std::optional<PassSettings> read_pass(const conf::Statement& statement, conf::Reader& reader) {
  auto plan = std::make_shared<server::PassPlan>();
  const std::span<const conf::Word> words(statement.args);
  for (const auto& word : words.first(words.size() - 1)) read_name(word, *plan, reader);
  read_server(words.back(), *plan, reader);
  conf::read_block<server::PassPlan>(statement, kDirectives, *plan, reader);
  if (plan->names.empty()) return std::nullopt;
  return PassSettings{.plan = std::move(plan), .at = statement.name.at};
}

std::vector<StatementHelp> pass_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kDirectives) help.push_back({row.name, row.synopsis, row.summary, "pass"});
  return help;
}

}  // namespace gate::app
