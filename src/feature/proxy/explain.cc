#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "client/context.h"
#include "feature/proxy/choice.h"
#include "feature/proxy/forwarding.h"
#include "feature/proxy/proxy.h"
#include "feature/proxy/upstream.h"
#include "http/exchange.h"
#include "http/explanation.h"

namespace gate::proxy {
namespace {

// Makes the records those of the running server. Returns how each server is doing, in words.
std::string adopt_state(Server& server, const http::Explanation::ServerStates* states) {
  if (!states) return "";
  const auto found = states->find(server.record->name);
  if (found == states->end()) return ", unknown to the running server";
  const http::Explanation::ServerState& state = found->second;
  server.record->drained = state.drained;
  server.record->healthy = !state.unwell;
  server.record->weight = state.weight;
  server.record->in_flight = state.in_flight;
  server.record->first_byte_seconds = state.first_byte_seconds;
  return fmt::format(", {}, {} in flight", state.drained ? "drained" : state.unwell ? "unwell" : "up", state.in_flight);
}

std::string text_of(const Server& server, const std::string& state) {
  std::string text = server.record->name;
  if (server.weight() != 1) text += fmt::format(", weight {}", server.weight());
  if (server.settings->backup) text += ", backup";
  return text + state;
}

bool is_chance(Balance balance) {
  return balance == Balance::kRoundRobin || balance == Balance::kRandomTwo || balance == Balance::kSticky;
}

std::string_view rule_of(Balance balance) {
  switch (balance) {
    case Balance::kRoundRobin: return "round-robin: they take turns, by weight";
    case Balance::kRandomTwo: return "random-two: of two that chance picks, the one with fewer requests in flight";
    case Balance::kLeastConnections: return "least-connections: the one with the fewest requests in flight, by weight";
    case Balance::kLeastTime: return "least-time: the one whose answers begin soonest, weighed with what is in flight";
    case Balance::kHash: return "hash: always the same one for the same key";
    case Balance::kSticky: return "sticky: the one that the cookie names, else as random-two";
  }
  return "";
}

// Whether the answer cannot be another one the next time.
bool is_certain(const ProxySettings& settings, const Choice& choice, const Server& chosen) {
  if (!is_chance(settings.balance)) return true;
  return settings.balance == Balance::kSticky && choice.sticky == fmt::format("{:016x}", chosen.name_hash);
}

std::string choice_text(const ProxySettings& settings, const Choice& choice, Upstream& upstream, base::Instant now) {
  const auto servers = upstream.servers();
  const auto first_choice = [&](const Server& each) { return !each.settings->backup && each.record->is_up(now); };
  const auto fit = std::ranges::count_if(servers, first_choice);
  const Server* chosen = upstream.choose(choice);
  if (!chosen) return "asks none: no server is well (503)";
  const std::string& name = chosen->record->name;
  if (servers.size() == 1) return fmt::format("asks {}", name);
  if (fit == 1) return fmt::format("asks {}: no other is up", name);
  if (fit == 0) return fmt::format("asks {}: none of the first choice is up", name);
  if (is_certain(settings, choice, *chosen)) return fmt::format("asks {}; {}", name, rule_of(settings.balance));
  return fmt::format("asks one of {} that are up; {}", fit, rule_of(settings.balance));
}

}  // namespace

http::Flow ProxyPlan::explain(http::Exchange& exchange, http::Explanation& explanation) const {
  if (refuse_loop(exchange)) {
    explanation.note("refuses: the request has come by here too often");
    return http::Flow::kTaken;
  }
  client::Context& client = *explanation.environment().client;
  Upstream upstream(settings_, client);
  for (Server& server : upstream.servers()) {
    const std::string state = adopt_state(server, explanation.servers());
    explanation.note(text_of(server, state));
  }
  Choice choice = choice_for(exchange, settings_);
  choice.tried = exchange.arena().make_array<bool>(upstream.servers().size());
  explanation.note(choice_text(settings_, choice, upstream, client.loop().now()));
  return http::Flow::kTaken;
}

}  // namespace gate::proxy
