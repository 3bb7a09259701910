#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "feature/cache/cache_control.h"
#include "http/conditional.h"
#include "http/exchange.h"

namespace gate::cache {

// How long a response may be used, decided when it came (RFC 9111 4.2).
struct Freshness {
  base::Instant received_at{};
  Seconds initial_age{};  // RFC 9111 4.2.3: corrected_initial_value
  Seconds lifetime{};
  Seconds stale_while_revalidate{};
  Seconds stale_if_error{};

  Seconds age(base::Instant now) const;
  bool is_fresh(base::Instant now) const { return age(now) < lifetime; }
  // Whether it is stale for less than `allowance`.
  bool is_within(Seconds allowance, base::Instant now) const { return age(now) < lifetime + allowance; }
};

// A request field that chose the response (RFC 9111 4.1), and what it said; empty when it was absent.
struct VaryField {
  std::string name;  // lower case
  std::string value;

  friend bool operator==(const VaryField&, const VaryField&) = default;
};

// The head of a response that is kept: immutable, and shared by all workers.
struct StoredHead {
  std::string key{};
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields{};  // names in lower case
  std::vector<VaryField> vary{};
  std::vector<std::string> tags{};
  Freshness freshness{};
  bool for_everyone = false;  // the server says so, whoever asked: see is_for_everyone()
  std::size_t worker = 0;     // that has stored it

  std::string_view field(std::string_view name) const;
  http::Validators validators(std::chrono::sys_seconds now) const;
  bool has_validator() const { return !field("etag").empty() || !field("last-modified").empty(); }
};

// A response that is kept.
struct StoredResponse {
  std::shared_ptr<const StoredHead> head;
  std::shared_ptr<const std::string> body;

  // The memory it takes, about.
  std::size_t cost() const;
};

// What identifies a response but for Vary: scheme, authority and target of its GET. The port of the scheme is left out.
std::string key_of(std::string_view scheme, std::string_view authority, std::string_view target);
inline std::string key_of(const http::Request& request) {
  return key_of(request.scheme, request.authority, request.target);
}

// The lines of that name, as one.
std::string vary_value(const http::FieldList& fields, std::string_view name);

// Whether the response was chosen by what this request says too.
bool is_for(const StoredHead& head, const http::FieldList& request_fields);

}  // namespace gate::cache
