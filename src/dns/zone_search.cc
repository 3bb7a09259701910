#include "dns/zone_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "dns/codes.h"
#include "dns/query.h"
#include "dns/rdata.h"
#include "dns/resolv_conf.h"

namespace gate::dns {
namespace {

// Longer chains are mistakes; resolvers follow about as many.
constexpr unsigned kAliasesMax = 8;
// The root zone has 13; the answer of a stranger must not make us ask thousands.
constexpr std::size_t kServersMax = 16;
constexpr std::size_t kAddressesMax = 4;  // of each server

std::optional<Name> alias_of(const Message& message, const Name& name) {
  for (const auto& record : message.answers) {
    if (record.type == Type::kCname && record.name == name) return name_in(record);
  }
  return std::nullopt;
}

// The zone that an answer to a question for SOA tells: that of the name itself, or the one that says there is none.
std::optional<Name> zone_in(const Message& message, const Name& name) {
  for (const auto* section : {&message.answers, &message.authorities}) {
    for (const auto& record : *section) {
      if (record.type == Type::kSoa && name.is_within(record.name) && !record.name.is_root()) return record.name;
    }
  }
  return std::nullopt;
}

}  // namespace

void ZoneSearch::start(const Name& name, Done done) {
  wanted_ = place_.name = name;
  done_ = std::move(done);
  ask_for_zone(name);
}

void ZoneSearch::ask(const Name& name, Type type, Then then) {
  exchanges_.clear();
  exchanges_.emplace_back(context_).start(query(name, type, resolvers_, Asked::kResolver),
                                          [this, then](const base::Result<Answer>& answer) {
                                            if (!answer) return fail(answer.error());
                                            if (auto good = check_answer(*answer); !good)
                                              return fail(std::move(good.error()));
                                            (this->*then)(*answer);
                                          });
}

void ZoneSearch::ask_for_zone(const Name& candidate) {
  candidate_ = candidate;
  ask(candidate, Type::kSoa, &ZoneSearch::take_zone);
}

void ZoneSearch::take_zone(const Answer& answer) {
  const bool climbing = candidate_ != place_.name;
  if (!climbing && !follow_aliases(answer.message)) return;
  const Name& looked_for = climbing ? candidate_ : place_.name;
  if (auto zone = zone_in(answer.message, looked_for)) {
    place_.zone = *std::move(zone);
    return ask_for_servers();
  }
  // A resolver that does not follow CNAME records itself.
  if (!climbing && candidate_ != place_.name) return ask_for_zone(place_.name);
  const Name above = candidate_.parent();
  if (!above.is_root()) return ask_for_zone(above);
  fail({.code = kNoZone,
        .side = base::Side::kUpstream,
        .retry = base::Retry::kLater,
        .what = fmt::format("no DNS zone answers for {}", wanted_.to_string()),
        .why = "neither it nor a name above it has an SOA record",
        .fix = "see whether the domain is registered and delegated"});
}

// False where they have no end.
bool ZoneSearch::follow_aliases(const Message& message) {
  for (auto next = alias_of(message, place_.name); next; next = alias_of(message, place_.name)) {
    place_.name = *std::move(next);
    if (++aliases_ <= kAliasesMax) continue;
    fail({.code = kAliasLoop,
          .side = base::Side::kUpstream,
          .retry = base::Retry::kLater,
          .what = fmt::format("the CNAME records of {} lead nowhere", wanted_.to_string()),
          .why = fmt::format("after {} of them there is still another, at {}", kAliasesMax, place_.name.to_string()),
          .fix = "let them lead to the name that holds the record"});
    return false;
  }
  return true;
}

void ZoneSearch::ask_for_servers() { ask(place_.zone, Type::kNs, &ZoneSearch::take_servers); }

void ZoneSearch::take_servers(const Answer& answer) {
  for (const auto& record : answer.message.answers) {
    auto name = record.type == Type::kNs && record.name == place_.zone ? name_in(record) : std::nullopt;
    if (name && place_.servers.size() < kServersMax) place_.servers.push_back({*std::move(name), {}});
  }
  if (place_.servers.empty()) return finish();
  exchanges_.clear();
  exchanges_.reserve(2 * place_.servers.size());
  unanswered_ = 2 * place_.servers.size();
  for (std::size_t i = 0; i < place_.servers.size(); ++i) {
    ask_for_addresses(i, Type::kA);
    ask_for_addresses(i, Type::kAaaa);
  }
}

void ZoneSearch::ask_for_addresses(std::size_t server, Type type) {
  exchanges_.emplace_back(context_).start(
      query(place_.servers[server].name, type, resolvers_, Asked::kResolver),
      [this, server](const base::Result<Answer>& answer) { take_addresses(server, answer); });
}

void ZoneSearch::take_addresses(std::size_t server, const base::Result<Answer>& answer) {
  auto& addresses = place_.servers[server].addresses;
  if (answer) {
    for (const auto& record : answer->message.answers) {
      const auto address = address_in(record);
      if (address && addresses.size() < kAddressesMax) addresses.push_back({*address, kDnsPort});
    }
  }
  if (--unanswered_ == 0) finish();
}

void ZoneSearch::finish() {
  std::erase_if(place_.servers, [](const NameServer& server) { return server.addresses.empty(); });
  if (place_.servers.empty()) {
    return fail({.code = kNoNameServers,
                 .side = base::Side::kUpstream,
                 .retry = base::Retry::kLater,
                 .what = fmt::format("the zone {} has no name servers that can be asked", place_.zone.to_string()),
                 .why = "its NS records name none with an address",
                 .fix = "see the NS records of the zone and the addresses of these names"});
  }
  for (auto& server : place_.servers) {
    std::ranges::stable_partition(server.addresses, [](const auto& endpoint) { return endpoint.address.is_v4(); });
  }
  std::exchange(done_, nullptr)(std::move(place_));
}

void ZoneSearch::fail(base::Error error) { std::exchange(done_, nullptr)(base::fail(std::move(error))); }

}  // namespace gate::dns
