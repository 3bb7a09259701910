#include "app/read_on_demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "app/on_demand/codes.h"
#include "app/on_demand/on_demand_settings.h"
#include "app/read_acme.h"
#include "app/read_roots.h"
#include "app/settings.h"
#include "base/text.h"
#include "client/url.h"
#include "conf/table.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using Context = conf::Context<OnDemandSettings>;

void read_trust(Context& context, const conf::Statement& statement) {
  if (auto named = read_roots(statement.args[0], context.reader)) context.plan.roots = std::move(named->roots);
}

constexpr conf::Directive<OnDemandSettings> kAskStatements[] = {
    {.name = "trust",
     .synopsis = "trust FILE",
     .summary = "Roots that vouch for the server that is asked; the system's unless given.",
     .args = {1, 1},
     .handle = read_trust},
};

// ask URL [{ trust FILE }]
void read_ask(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  const auto url = client::Url::parse(word.text);
  if (!url) {
    return context.reader.error(conf::kBadChoice, word, fmt::format("{} is no URL to ask", conf::shown(word.text)),
                                "such as http://127.0.0.1:8080/allowed");
  }
  conf::read_block<OnDemandSettings>(statement, kAskStatements, context.plan, context.reader);
  context.plan.ask = word.text;
  if (!url->server.secure()) {
    if (url->server.is_this_machine()) return;
    return context.reader.warning(conf::kBadChoice, word, "whoever is on the way can give the permission",
                                  "use https, or a server on this machine");
  }
  if (!context.plan.roots) context.plan.roots = system_roots(word, context.reader);
}

// allow NAME…
void read_allow(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    auto name = context.reader.host_name(word);
    if (!name) continue;
    if (!is_public_name(*name)) {
      context.reader.error(conf::kBadChoice, word, fmt::format("no authority issues for {}", conf::shown(word.text)),
                           "allow names of the public DNS, such as *.customers.example.com");
      continue;
    }
    context.plan.allow.push_back(std::move(name->name));
  }
}

// rate 10/minute
void read_rate(Context& context, const conf::Statement& statement) {
  struct Period {
    std::string_view name;
    base::Duration length;
  };
  constexpr Period kPeriods[] = {{"second", 1s}, {"minute", 1min}, {"hour", 1h}, {"day", 24h}};
  constexpr std::uint32_t kCountMax = 1000;
  const auto& word = statement.args[0];
  std::string_view unit = word.text;
  const auto count = base::parse_number<std::uint32_t>(base::split_off(unit, '/'));
  const auto period = std::ranges::find(kPeriods, unit, &Period::name);
  if (count && *count > 0 && *count <= kCountMax && period != std::end(kPeriods)) {
    context.plan.rate = {*count, period->length};
    return;
  }
  context.reader.error(conf::kBadChoice, word, fmt::format("{} is no rate of orders", conf::shown(word.text)),
                       "such as 10/minute or 100/hour; second, minute, hour and day are known, at most 1000 in one");
}

// hold TIME
void read_hold(Context& context, const conf::Statement& statement) {
  if (const auto time = context.reader.duration(statement.args[0], {0s, 1min})) context.plan.hold = *time;
}

// names COUNT
void read_names_max(Context& context, const conf::Statement& statement) {
  constexpr std::size_t kNamesMax = 100'000;
  if (const auto count = context.reader.integer<std::size_t>(statement.args[0], 1, kNamesMax)) {
    context.plan.names_max = *count;
  }
}

constexpr conf::Directive<OnDemandSettings> kStatements[] = {
    {.name = "ask",
     .synopsis = "ask URL [{ trust FILE }]",
     .summary = "Who is asked whether a name may have a certificate, by GET URL?domain=NAME; 200 permits it.",
     .args = {1, 1},
     .block = conf::BlockRule::kAllowed,
     .handle = read_ask},
    {.name = "allow",
     .synopsis = "allow NAME…",
     .summary = "Names that may have a certificate without a question; *. stands for one label.",
     .args = {1, conf::kAnyNumber},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_allow},
    {.name = "rate",
     .synopsis = "rate COUNT/second|minute|hour|day",
     .summary = "How many certificates are ordered at most; 10/minute unless given.",
     .args = {1, 1},
     .handle = read_rate},
    {.name = "hold",
     .synopsis = "hold TIME",
     .summary = "How long a handshake waits for its certificate; 10s unless given.",
     .args = {1, 1},
     .handle = read_hold},
    {.name = "names",
     .synopsis = "names COUNT",
     .summary = "How many names may have a certificate; 1000 unless given.",
     .args = {1, 1},
     .handle = read_names_max},
};

}  // namespace

std::shared_ptr<const OnDemandSettings> read_on_demand(const conf::Statement& statement, conf::Reader& reader) {
  auto settings = std::make_shared<OnDemandSettings>();
  conf::read_block<OnDemandSettings>(statement, kStatements, *settings, reader);
  const auto is_permission = [](const conf::Statement& each) {
    return each.name.text == "ask" || each.name.text == "allow";
  };
  if (std::ranges::none_of(statement.block->statements, is_permission)) {
    reader.error(
        kOnDemandNeedsPermission, statement.name, "everybody could make this server order certificates",
        "say for which names: allow *.customers.example.com, or whom to ask: ask http://127.0.0.1:8080/allowed");
  }
  return settings;
}

void check_on_demand(const SiteSettings& site, conf::Reader& reader) {
  const auto is_wildcard = [](const conf::HostName& name) { return name.kind == conf::HostName::Kind::kWildcard; };
  if (site.is_default || std::ranges::any_of(site.names, is_wildcard)) return;
  reader.diagnostics().error(kOnDemandWithoutNames, site.at,
                             "the site has its names only, and their certificate is ordered at the start",
                             "give it a name such as *.customers.example.com, or \"default\" for all other names");
}

std::vector<OnDemandWord> on_demand_words() {
  std::vector<OnDemandWord> words;
  for (const auto& row : kStatements) words.push_back({row.name, row.synopsis, row.summary});
  return words;
}

}  // namespace gate::app
