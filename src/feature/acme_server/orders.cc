#include "feature/acme_server/orders.h"

#include <algorithm>
#include <utility>

#include "base/ip.h"
#include "feature/acme_server/nonces.h"

namespace gate::acme_server {
namespace {

std::vector<ChallengeType> challenge_types(const Authorization& authorization) {
  // RFC 8555 8: a wildcard is proved by the zone alone; RFC 8738 7: an address never is.
  if (authorization.wildcard) return {ChallengeType::kDns01};
  if (base::IpAddress::parse(authorization.name)) return {ChallengeType::kHttp01, ChallengeType::kTlsAlpn01};
  return {ChallengeType::kHttp01, ChallengeType::kTlsAlpn01, ChallengeType::kDns01};
}

bool is_open(const Order& order) {
  return order.status == Status::kPending || order.status == Status::kReady || order.status == Status::kProcessing;
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kPending: return "pending";
    case Status::kReady: return "ready";
    case Status::kProcessing: return "processing";
    case Status::kValid: return "valid";
    case Status::kInvalid: return "invalid";
    case Status::kDeactivated: return "deactivated";
  }
  return "invalid";
}

std::string_view to_string(ChallengeType type) {
  switch (type) {
    case ChallengeType::kHttp01: return "http-01";
    case ChallengeType::kTlsAlpn01: return "tls-alpn-01";
    case ChallengeType::kDns01: return "dns-01";
  }
  return "http-01";
}

Challenge* Authorization::challenge(std::string_view type) {
  const auto found =
      std::ranges::find_if(challenges, [type](const Challenge& each) { return to_string(each.type) == type; });
  return found == challenges.end() ? nullptr : &*found;
}

template <class Condition>
void Orders::remove_if(Condition condition) {
  std::erase_if(orders_, [&](const auto& entry) {
    if (!condition(entry.second)) return false;
    for (const auto& id : entry.second.authorizations) authorizations_.erase(id);
    return true;
  });
}

void Orders::expire(base::WallTime now) {
  remove_if([now](const Order& order) { return order.expires <= now; });
}

bool Orders::has_room(std::string_view account) {
  if (orders_.size() >= kMax) remove_if([](const Order& order) { return !is_open(order); });
  const auto open = std::ranges::count_if(
      orders_, [&](const auto& entry) { return entry.second.account == account && is_open(entry.second); });
  return orders_.size() < kMax && static_cast<std::size_t>(open) < kOpenOfAnAccountMax;
}

Order& Orders::add(Order order, base::Random& random) {
  order.id = random_name(random);
  for (const std::string& name : order.names) {
    Authorization authorization;
    authorization.id = random_name(random);
    authorization.order = order.id;
    authorization.wildcard = name.starts_with("*.");
    authorization.name = authorization.wildcard ? name.substr(2) : name;
    for (const ChallengeType type : challenge_types(authorization)) {
      authorization.challenges.push_back({.type = type, .token = random_name(random)});
    }
    order.authorizations.push_back(authorization.id);
    authorizations_.emplace(authorization.id, std::move(authorization));
  }
  const std::string id = order.id;
  return orders_.emplace(id, std::move(order)).first->second;
}

Order* Orders::find(std::string_view id) {
  const auto found = orders_.find(id);
  return found == orders_.end() ? nullptr : &found->second;
}

Authorization* Orders::find_authorization(std::string_view id) {
  const auto found = authorizations_.find(id);
  return found == authorizations_.end() ? nullptr : &found->second;
}

std::vector<const Order*> Orders::of(std::string_view account) const {
  std::vector<const Order*> all;
  for (const auto& [id, order] : orders_) {
    if (order.account == account) all.push_back(&order);
  }
  return all;
}

// RFC 8555 7.1.6: an authorization is valid with its first valid challenge and invalid with its first invalid one; an
// order is ready when all of its authorizations are valid.
void Orders::settle(Authorization& authorization) {
  if (authorization.status == Status::kPending) {
    const auto is = [](Status status) { return [status](const Challenge& each) { return each.status == status; }; };
    if (std::ranges::any_of(authorization.challenges, is(Status::kValid)))
      authorization.status = Status::kValid;
    else if (std::ranges::any_of(authorization.challenges, is(Status::kInvalid)))
      authorization.status = Status::kInvalid;
  }
  Order* order = find(authorization.order);
  if (order == nullptr || order->status != Status::kPending) return;
  const auto status_of_each = [this](const std::string& id) { return find_authorization(id)->status; };
  const auto valid = std::ranges::count(order->authorizations, Status::kValid, status_of_each);
  if (static_cast<std::size_t>(valid) == order->authorizations.size()) {
    order->status = Status::kReady;
  } else if (authorization.status == Status::kInvalid || authorization.status == Status::kDeactivated) {
    order->status = Status::kInvalid;
    order->error = Problem{ProblemType::kUnauthorized, "not all names were proved"};
  }
}

}  // namespace gate::acme_server
