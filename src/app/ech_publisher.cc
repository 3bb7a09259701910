#include "app/ech_publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "app/settings.h"
#include "dns/resolv_conf.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

// Whoever has changed a record by hand finds the key in it again after that.
constexpr base::Duration kLookAgain = 1h;
constexpr base::Duration kPauseMin = 1min;

base::Duration pause_after(unsigned failures) {
  constexpr unsigned kDoublingsMax = 6;
  return std::min<base::Duration>(kPauseMin * (1U << std::min(failures - 1, kDoublingsMax)), kLookAgain);
}

bool takes_updates(const std::shared_ptr<const DnsProofSettings>& settings) {
  return settings && std::holds_alternative<DnsProofSettings::Update>(settings->way);
}

std::shared_ptr<const DnsProofSettings> updates_of(const Settings& settings, const SiteSettings& site) {
  if (!settings.ech.publish) return nullptr;
  if (settings.ech.updates) return settings.ech.updates;
  const auto& own = site.acme ? site.acme->dns : settings.acme.dns;
  return takes_updates(own) ? own : nullptr;
}

std::vector<std::string> protocols_of(const Settings& settings, const SiteSettings& site) {
  std::vector<std::string> protocols;
  if (site.http3 && settings.http3 != Http3Mode::kOff) protocols.emplace_back("h3");
  if (site.http2) protocols.emplace_back("h2");
  return protocols;
}

}  // namespace

std::vector<EchName> ech_names(const Settings& settings) {
  std::vector<EchName> names;
  for (const auto& site : settings.sites) {
    const auto protocols = protocols_of(settings, site);
    const auto updates = updates_of(settings, site);
    for (const auto& name : site.names) {
      if (name.kind == conf::HostName::Kind::kAddress) continue;
      // Everybody sees the outer name: its record has no key to say.
      names.push_back({name.name, protocols, name.name == settings.ech.outer_name ? nullptr : updates});
    }
  }
  return names;
}

EchPublisher::EchPublisher(const dns::Context& context, const base::Clock& clock, Tell tell)
    : context_(context), clock_(clock), tell_(std::move(tell)) {}

void EchPublisher::adopt(const Settings& settings, const tls::EchKeys* keys) {
  decltype(subjects_) wanted;
  for (const auto& each : keys ? ech_names(settings) : std::vector<EchName>{}) {
    const auto name = each.updates ? dns::Name::parse(each.name) : std::nullopt;
    if (!name) continue;
    auto subject = std::make_unique<Subject>(*name, dns::HttpsFacts{each.protocols, keys->config_list()}, each.updates);
    const auto known = subjects_.find(each.name);
    const bool same = known != subjects_.end() && known->second->facts == subject->facts &&
                      known->second->updates->mark == subject->updates->mark;
    wanted.emplace(each.name, same ? std::move(known->second) : std::move(subject));
  }
  subjects_ = std::move(wanted);
}

void EchPublisher::maintain() {
  const base::WallTime now = clock_.wall();
  auto under_way = static_cast<std::size_t>(
      std::ranges::count_if(subjects_, [](const auto& each) { return each.second->update != nullptr; }));
  for (auto& [name, subject] : subjects_) {
    if (under_way >= kUpdatesMax) return;
    // A time far ahead was set by a clock that was wrong.
    const bool due = subject->state.due <= now || subject->state.due > now + 2 * kLookAgain;
    if (!due || subject->update) continue;
    begin(name, *subject);
    ++under_way;
  }
}

void EchPublisher::begin(const std::string& name, Subject& subject) {
  const auto& way = std::get<DnsProofSettings::Update>(subject.updates->way);
  auto resolvers = subject.updates->resolvers.empty() ? dns::machine_resolvers() : subject.updates->resolvers;
  subject.update = std::make_unique<dns::HttpsUpdate>(context_, std::move(resolvers));
  // The subject owns the update, and so outlives it.
  subject.update->start(subject.name, subject.facts, way.server, way.key,
                        [this, name, &subject](const base::Result<>& result) { finished(name, subject, result); });
}

void EchPublisher::finished(const std::string& name, Subject& subject, const base::Result<>& result) {
  const auto ended = std::move(subject.update);
  const base::WallTime now = clock_.wall();
  State& state = subject.state;
  if (!result) {
    state.due = now + pause_after(++state.failures);
    if (std::exchange(state.problem, result.error().what) == result.error().what) return;
    return tell_(fmt::format("the HTTPS record of {} lacks the key of ECH: {}: {}", name, result.error().what,
                             result.error().why),
                 result.error().code);
  }
  const bool first = state.published == base::WallTime{} || !state.problem.empty();
  state = {.published = now, .due = now + kLookAgain};
  if (first) tell_(fmt::format("the HTTPS record of {} has the key of Encrypted Client Hello", name), {});
}

const EchPublisher::State* EchPublisher::state_of(const std::string& name) const {
  const auto found = subjects_.find(name);
  return found == subjects_.end() ? nullptr : &found->second->state;
}

}  // namespace gate::app
