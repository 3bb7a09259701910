#include "client/location.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace gate::client {
namespace {

// From 0 to `most`, which is small.
std::uint32_t by_chance(base::Random& random, std::uint32_t most) {
  std::array<std::byte, 4> bytes{};
  random.fill(bytes);
  std::uint32_t number = 0;
  for (const std::byte byte : bytes) number = number << 8U | std::to_integer<std::uint32_t>(byte);
  return number % (most + 1);
}

}  // namespace

void Location::start(const ServerAddress& address) {
  if (const auto ip = base::IpAddress::parse(address.host)) return listener_.located({{*ip, address.port}});
  port_ = address.port;
  find(address.service ? Wanted::kService : Wanted::kAddresses, address.host);
}

void Location::find(Wanted wanted, const std::string& name) {
  wanted_ = wanted;
  if (const auto* known = resolver_.find(wanted, name, *this)) take(*known);
}

void Location::resolved(const Resolved& result) { take(result); }

void Location::take(const Resolved& result) {
  timed_out_ |= result.timed_out;
  if (wanted_ == Wanted::kService) {
    targets_ = ordered(result.targets, random_);
    std::ranges::reverse(targets_);
  } else {
    std::vector<base::Endpoint> endpoints;
    for (const auto& address : result.addresses) endpoints.push_back({address, port_});
    std::ranges::copy(interleaved(std::move(endpoints)), std::back_inserter(endpoints_));
  }
  find_next_host();
}

// One host that cannot be found does not keep the others from being tried.
void Location::find_next_host() {
  if (!targets_.empty()) {
    const ServiceTarget target = std::move(targets_.back());
    targets_.pop_back();
    port_ = target.port;
    return find(Wanted::kAddresses, target.host);
  }
  if (!endpoints_.empty()) return listener_.located(std::exchange(endpoints_, {}));
  listener_.not_located({timed_out_ ? http::CallFault::kDnsTimeout : http::CallFault::kDnsError,
                         http::Delivered::kNothing, "the server's name leads to no address"});
}

std::vector<base::Endpoint> interleaved(std::vector<base::Endpoint> addresses) {
  if (addresses.empty()) return addresses;
  const bool first_is_v4 = addresses.front().address.is_v4();
  std::vector<base::Endpoint> others;
  std::erase_if(addresses, [&](const base::Endpoint& address) {
    const bool other = address.address.is_v4() != first_is_v4;
    if (other) others.push_back(address);
    return other;
  });
  std::vector<base::Endpoint> mixed;
  for (std::size_t i = 0; i < std::max(addresses.size(), others.size()); ++i) {
    if (i < addresses.size()) mixed.push_back(addresses[i]);
    if (i < others.size()) mixed.push_back(others[i]);
  }
  return mixed;
}

std::vector<ServiceTarget> ordered(std::vector<ServiceTarget> targets, base::Random& random) {
  // "arrange all SRV RRs (that have not been ordered yet) in any order, except that all those with weight 0 are placed
  // at the beginning of the list", and choose the first whose running sum is not below a number by chance.
  std::ranges::sort(targets, {}, [](const ServiceTarget& each) { return std::pair(each.priority, each.weight); });
  for (auto from = targets.begin(); from != targets.end(); ++from) {
    const auto same =
        std::find_if(from, targets.end(), [&](const auto& each) { return each.priority != from->priority; });
    std::uint32_t all = 0;
    for (auto each = from; each != same; ++each) all += each->weight;
    std::uint32_t rest = by_chance(random, all);
    auto chosen = from;
    while (rest > chosen->weight) rest -= (chosen++)->weight;
    std::rotate(from, chosen, chosen + 1);
  }
  return targets;
}

}  // namespace gate::client
