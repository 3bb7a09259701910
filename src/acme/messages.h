#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

// What an authority says (RFC 8555 7.1), as far as it is used. Each parse() fails with kBadAnswer where the text is no
// JSON, lacks what must be there, or is larger than any honest one.
namespace gate::acme {

inline constexpr std::size_t kMessageBytesMax = 256 * 1024;
inline constexpr std::size_t kListMax = 256;  // names of an order, challenges, subproblems

// RFC 7807, with the subproblems of RFC 8555 6.7.1.
struct Problem {
  std::string type;  // without "urn:ietf:params:acme:error:"
  std::string detail;
  struct Part {
    std::string name;  // that it is about
    std::string type;
    std::string detail;
  };
  std::vector<Part> parts{};

  static base::Result<Problem> parse(std::string_view json);

  // "rateLimited: too many certificates; example.com: caa: forbidden"
  std::string to_string() const;
};

struct Directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_certificate;  // empty where it has none, as those below
  std::string key_change;
  std::string renewal_info;  // RFC 9773
  std::string terms_of_service;
  bool binding_required = false;
  std::vector<std::string> caa_identities;
  std::map<std::string, std::string> profiles;  // name, and what it is; draft-ietf-acme-profiles

  static base::Result<Directory> parse(std::string_view json);
};

// RFC 8555 7.1.6, of all kinds of objects.
enum class Status : std::uint8_t { kPending, kReady, kProcessing, kValid, kInvalid, kDeactivated, kExpired, kRevoked };

// "processing".
std::string_view to_string(Status status);

struct AccountState {
  Status status = Status::kValid;

  static base::Result<AccountState> parse(std::string_view json);
};

struct Order {
  Status status = Status::kPending;
  std::vector<std::string> authorizations;  // URLs
  std::string finalize;
  std::string certificate;  // empty until it is valid
  std::optional<Problem> error;

  static base::Result<Order> parse(std::string_view json);
};

struct OfferedChallenge {
  std::string type;
  std::string url;
  std::string token;
  Status status = Status::kPending;
  std::optional<Problem> error;
  std::vector<std::string> issuers{};  // of dns-persist-01: names of the authority
};

struct Authorization {
  Status status = Status::kPending;
  std::string name;  // without "*."
  bool wildcard = false;
  std::vector<OfferedChallenge> challenges;

  static base::Result<Authorization> parse(std::string_view json);
};

// RFC 9773 4.2.
struct RenewalInfo {
  base::WallTime start;
  base::WallTime end;
  std::string explanation_url;

  static base::Result<RenewalInfo> parse(std::string_view json);
};

// RFC 9110 10.2.3: seconds, or a date. Never further away than a week.
std::optional<base::WallTime> parse_retry_after(std::string_view text, base::WallTime now);

}  // namespace gate::acme
