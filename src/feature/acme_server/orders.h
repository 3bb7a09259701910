#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "feature/acme_server/desk.h"
#include "feature/acme_server/problem.h"

namespace gate::acme_server {

// RFC 8555 7.1.6.
enum class Status : std::uint8_t { kPending, kReady, kProcessing, kValid, kInvalid, kDeactivated };
std::string_view to_string(Status status);

enum class ChallengeType : std::uint8_t { kHttp01, kTlsAlpn01, kDns01 };
// "http-01".
std::string_view to_string(ChallengeType type);

struct Challenge {
  ChallengeType type = ChallengeType::kHttp01;
  Status status = Status::kPending;
  std::string token;
  std::optional<base::WallTime> validated{};
  std::optional<Problem> error{};
};

// The proof of one name.
struct Authorization {
  std::string id;
  std::string order;
  std::string name;  // without "*."
  bool wildcard = false;
  Status status = Status::kPending;
  std::vector<Challenge> challenges;

  Challenge* challenge(std::string_view type);
};

// One certificate on its way.
struct Order {
  std::string id;
  std::string account;
  Statement statement;
  Status status = Status::kPending;
  std::vector<std::string> names;  // as asked for: DNS names, wildcards, addresses
  std::vector<std::string> authorizations;
  base::WallTime expires;
  std::string replaces;     // the serial number of the certificate it is to replace
  std::string replaces_id;  // as the client named it
  std::string certificate;  // PEM: the chain, once it is issued
  std::optional<Problem> error{};
};

// What clients have begun, in memory: after a restart they begin anew.
class Orders {
 public:
  // Each is a few kilobytes. Against clients that begin without end.
  static constexpr std::size_t kMax = 4096;
  static constexpr std::size_t kOpenOfAnAccountMax = 100;
  static constexpr std::chrono::hours kLifetime{24};

  // Takes out what has expired.
  void expire(base::WallTime now);

  // Whether the account may begin another one. When there are too many, those that are over make room.
  bool has_room(std::string_view account);

  // Begins one, with challenges for each name.
  Order& add(Order order, base::Random& random);

  Order* find(std::string_view id);
  Authorization* find_authorization(std::string_view id);
  std::vector<const Order*> of(std::string_view account) const;

  // Brings authorization and order to what follows from their challenges.
  void settle(Authorization& authorization);

 private:
  template <class Condition>
  void remove_if(Condition condition);

  std::map<std::string, Order, std::less<>> orders_;
  std::map<std::string, Authorization, std::less<>> authorizations_;
};

}  // namespace gate::acme_server
