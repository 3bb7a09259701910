#include "app/read_ech.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <variant>

#include "app/codes.h"
#include "app/read_dns_proof.h"
#include "conf/table.h"

namespace gate::app {
namespace {

using Context = conf::Context<EchSettings>;

// publish  ·  publish update ADDRESS[:PORT] { … }
void read_publish(Context& context, const conf::Statement& statement) {
  context.plan.publish = true;
  if (statement.args.empty()) return;
  if (statement.args[0].text != "update") {
    return context.reader.error(conf::kBadChoice, statement.args[0], "HTTPS records are made by updates alone",
                                "such as publish update 192.0.2.53 { key file:PATH }");
  }
  context.plan.updates = read_dns_proof(statement, context.reader);
}

constexpr conf::Directive<EchSettings> kStatements[] = {
    {.name = "publish",
     .synopsis = "publish [update ADDRESS[:PORT] { key … }]",
     .summary =
         "Keeps the key in the HTTPS records of the sites, through \"dns update\" of \"acme\" or the server named.",
     .args = {0, 8},
     .block = conf::BlockRule::kAllowed,
     .handle = read_publish},
};

}  // namespace

EchSettings read_ech(const conf::Statement& statement, conf::Reader& reader) {
  EchSettings settings;
  conf::Scope scope;
  scope.add(std::span<const conf::Directive<EchSettings>>(kStatements), settings);
  scope.read(statement, reader);
  const auto name = reader.host_name(statement.args[0]);
  if (name && name->kind != conf::HostName::Kind::kExact) {
    reader.error(conf::kBadHostName, statement.args[0], "clients can only be told a full name to ask for",
                 "such as cover.example.com");
  } else if (name) {
    settings.outer_name = name->name;
  }
  settings.at = statement.name.at;
  return settings;
}

void check_ech(const Settings& settings, conf::Reader& reader) {
  const EchSettings& ech = settings.ech;
  if (ech.outer_name.empty()) return;
  // A client whose key is out of date is told the new one by a server that proves the outer name.
  const auto is_outer = [&ech](const conf::HostName& name) { return name.name == ech.outer_name; };
  const auto has_outer = [&is_outer](const SiteSettings& site) { return std::ranges::any_of(site.names, is_outer); };
  if (std::ranges::none_of(settings.sites, has_outer)) {
    reader.diagnostics().error(kNoOuterSite, ech.at, fmt::format("no site is called {}", conf::shown(ech.outer_name)),
                               "add one: it has the certificate that clients with an old key check");
  }
  const auto names = ech_names(settings);
  const auto is_published = [](const EchName& name) { return name.updates != nullptr; };
  if (ech.publish && !reader.diagnostics().has_errors() && std::ranges::none_of(names, is_published)) {
    reader.diagnostics().error(kNothingToPublish, ech.at, "there is no HTTPS record that \"publish\" could make",
                               "name the server that takes updates: publish update ADDRESS { key file:PATH }");
  }
}

std::vector<StatementHelp> ech_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kStatements) help.push_back({row.name, row.synopsis, row.summary, "ech"});
  return help;
}

}  // namespace gate::app
