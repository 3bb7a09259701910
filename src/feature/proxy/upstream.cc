#include "feature/proxy/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace gate::proxy {
namespace {

constexpr double kRetriesMax = 10;
constexpr double kRetriesARequest = 0.2;
// How much the newest measurement counts.
constexpr double kNewest = 0.2;

std::uint64_t seed_of(base::Random& random) {
  std::array<std::byte, 8> bytes{};
  random.fill(bytes);
  std::uint64_t seed = 0;
  for (const std::byte byte : bytes) seed = seed << 8 | std::to_integer<std::uint64_t>(byte);
  return seed;
}

// FNV-1a with a final mix (of SplitMix64): not against adversaries, but every bit counts.
std::uint64_t mixed(std::uint64_t hash) {
  hash ^= hash >> 30;
  hash *= 0xbf58'476d'1ce4'e5b9U;
  hash ^= hash >> 27;
  hash *= 0x94d0'49bb'1331'11ebU;
  return hash ^ hash >> 31;
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3U;
  return mixed(hash);
}

// Rendezvous hashing: a server that goes or comes moves only its own share of the keys, and that once: a server that
// has come back has its whole weight at once.
double score(const Server& server, std::uint64_t hash) {
  constexpr double kRange = 18446744073709551616.0;
  const double uniform = (static_cast<double>(mixed(hash ^ server.name_hash)) + 1.0) / (kRange + 2.0);
  return server.weight() / -std::log(uniform);
}

bool may_be_used(const Server& server) { return server.record->healthy && !server.record->drained; }

client::PoolSettings pool_settings(const ProxySettings& settings, const ServerSettings& server) {
  return {.address = server.address,
          .roots = settings.roots,
          .credential = settings.credential,
          .server_name = settings.server_name,
          .proxy_protocol = settings.proxy_protocol,
          .limits = settings.limits,
          .connect_timeout = settings.connect_timeout,
          .connections_max = settings.connections_max,
          .waiting_max = settings.queue_max,
          .waiting_timeout = settings.queue_timeout};
}

}  // namespace

Upstream::Upstream(const ProxySettings& settings, client::Context& context)
    : settings_(settings),
      context_(context),
      random_(static_cast<std::minstd_rand::result_type>(seed_of(context.random()))) {
  for (const auto& each : settings.servers) {
    Server server;
    server.settings = &each;
    const std::string name = each.address.to_string();
    server.record = &context.records().of(name, settings.check.path);
    server.record->users.add();
    server.record->chosen = true;
    server.name_hash = hash_of(name);
    server.authority = each.address.authority();
    const std::string key = fmt::format("{} for {}", name, settings.pool_text);
    server.pool = context.pool(key, pool_settings(settings, each));
    servers_.push_back(std::move(server));
  }
  candidates_.reserve(servers_.size());
}

Upstream::~Upstream() {
  for (const Server& server : servers_) server.record->users.subtract();
}

bool Upstream::usable(const Server& server) const { return server.record->is_up(context_.loop().now()); }

// A server that has come back is not met with its full share while its caches are cold.
double Upstream::present_weight(const Server& server) const {
  constexpr double kLeastShare = 0.1;
  const client::ServerRecord& record = *server.record;
  const auto well_for = context_.loop().now() - std::max(record.recovered_at, record.ejected_until.value());
  if (well_for >= settings_.slow_start) return server.weight();
  const double share = std::chrono::duration<double>(well_for) / std::chrono::duration<double>(settings_.slow_start);
  return server.weight() * std::max(kLeastShare, share);
}

double Upstream::load(const Server& server) const { return (server.record->in_flight + 1.0) / present_weight(server); }

// Those in order first, then the backup servers in order; when nobody is, whoever was not found ill by a check: to ask
// a server that has failed is better than to ask none.
Server* Upstream::choose(const Choice& choice) {
  const auto among = [&](auto fits) {
    candidates_.clear();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (!choice.tried[i] && fits(servers_[i])) candidates_.push_back(&servers_[i]);
    }
    return candidates_.empty() ? nullptr : choose_among(candidates_, choice);
  };
  if (auto* server = among([&](const Server& each) { return !each.settings->backup && usable(each); })) return server;
  if (auto* server = among([&](const Server& each) { return each.settings->backup && usable(each); })) return server;
  return among(may_be_used);
}

Server* Upstream::choose_among(const std::vector<Server*>& candidates, const Choice& choice) {
  if (candidates.size() == 1) return candidates.front();
  const auto by = [&](auto measure) { return *std::ranges::min_element(candidates, {}, measure); };
  switch (settings_.balance) {
    case Balance::kRoundRobin: return in_turn(candidates);
    case Balance::kLeastConnections: return by([&](const Server* server) { return load(*server); });
    case Balance::kLeastTime:
      return by([&](const Server* server) { return server->record->first_byte_seconds * load(*server); });
    case Balance::kRandomTwo: return of_two(candidates);
    case Balance::kHash: return by([&](const Server* server) { return -score(*server, choice.hash); });
    case Balance::kSticky: break;
  }
  const auto number = base::parse_number<std::uint64_t>(choice.sticky, 16);
  const auto named =
      std::ranges::find_if(candidates, [&](const Server* server) { return server->name_hash == number; });
  return named != candidates.end() ? *named : of_two(candidates);
}

// The smooth weighted round robin: each saves up its weight, the richest is next and pays for all.
Server* Upstream::in_turn(const std::vector<Server*>& candidates) {
  double all = 0;
  for (Server* server : candidates) {
    const double weight = present_weight(*server);
    server->turn += weight;
    all += weight;
  }
  Server* next = *std::ranges::max_element(candidates, {}, [](const Server* server) { return server->turn; });
  next->turn -= all;
  return next;
}

Server* Upstream::of_two(const std::vector<Server*>& candidates) {
  const std::size_t first = random_() % candidates.size();
  std::size_t second = random_() % (candidates.size() - 1);
  if (second >= first) ++second;
  return load(*candidates[second]) < load(*candidates[first]) ? candidates[second] : candidates[first];
}

void Upstream::note_success(Server& server, base::Duration first_byte) {
  client::ServerRecord& record = *server.record;
  const double seconds = std::chrono::duration<double>(first_byte).count();
  const bool first = record.first_byte_seconds == 0;
  record.first_byte_seconds = first ? seconds : record.first_byte_seconds * (1 - kNewest) + seconds * kNewest;
  record.failures_in_a_row = 0;
  record.ejections_in_a_row = 0;
}

void Upstream::note_failure(Server& server) {
  client::ServerRecord& record = *server.record;
  record.failures.add();
  if (settings_.eject.failures == 0 || ++record.failures_in_a_row < settings_.eject.failures) return;
  const auto doubled = settings_.eject.time * (std::int64_t{1} << std::min(record.ejections_in_a_row, 10U));
  record.ejected_until = context_.loop().now() + std::min(doubled, settings_.eject.time_max);
  ++record.ejections_in_a_row;
  // After that time one failure is enough to take it out again.
  record.failures_in_a_row = settings_.eject.failures - 1;
}

bool Upstream::take_retry() {
  if (retries_left_ < 1) return false;
  retries_left_ -= 1;
  return true;
}

void Upstream::earn_retry() { retries_left_ = std::min(kRetriesMax, retries_left_ + kRetriesARequest); }

}  // namespace gate::proxy
