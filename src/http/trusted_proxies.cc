#include "http/trusted_proxies.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "http/codes.h"

namespace gate::http {
namespace {

// More proxies in a row are a mistake.
constexpr std::size_t kHopsMax = 16;

// Where the last element of a list begins. Commas in quotes separate nothing (RFC 9110 5.6.4). Looked for from the
// right, so that a quote the client left open cannot swallow what a proxy has put behind it.
std::size_t begin_of_last(std::string_view list) {
  bool quoted = false;
  for (std::size_t at = list.size(); at > 0; --at) {
    const char c = list[at - 1];
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) return at;
  }
  return 0;
}

// The elements of a list that may go over several lines, from its end on; empty ones are left out (RFC 9110 5.6.1).
class ElementsFromRight {
 public:
  ElementsFromRight(const FieldList& fields, FieldId id) : fields_(fields), id_(id), left_(fields.size()) {}

  std::optional<std::string_view> next() {
    for (;;) {
      if (rest_.empty() && !previous_line()) return std::nullopt;
      const std::size_t begin = begin_of_last(rest_);
      const std::string_view element = base::trimmed(rest_.substr(begin));
      rest_ = rest_.substr(0, begin == 0 ? 0 : begin - 1);
      if (!element.empty()) return element;
    }
  }

 private:
  bool previous_line() {
    while (left_ > 0) {
      const Field& field = fields_.begin()[--left_];
      if (field.id != id_ || field.value.empty()) continue;
      rest_ = field.value;
      return true;
    }
    return false;
  }

  const FieldList& fields_;
  const FieldId id_;
  std::size_t left_;  // lines not looked at yet
  std::string_view rest_;
};

// An address with or without a port. IPv6 with a port has brackets.
std::optional<base::IpAddress> address_of(std::string_view node) {
  if (const auto address = base::IpAddress::parse(node)) return address;
  if (const auto endpoint = base::Endpoint::parse(node)) return endpoint->address;
  return std::nullopt;
}

// What one proxy has said.
struct Hop {
  base::IpAddress address;
  std::string_view scheme;
};

std::optional<std::string_view> unquoted(std::string_view value) {
  if (!value.starts_with('"')) return value;
  // No address and no scheme has to be written with a backslash.
  if (value.size() < 2 || !value.ends_with('"') || value.contains('\\')) return std::nullopt;
  return value.substr(1, value.size() - 2);
}

std::string_view known_scheme(std::string_view value) {
  for (const std::string_view scheme : {"https", "http"}) {
    if (base::equals_ignoring_case(value, scheme)) return scheme;
  }
  return {};
}

// RFC 7239 4: for=192.0.2.43;proto=https;by=203.0.113.43
std::optional<Hop> parse_forwarded(std::string_view element) {
  std::optional<base::IpAddress> address;
  std::string_view scheme;
  while (!element.empty()) {
    std::string_view value = base::split_off(element, ';');
    const std::string_view name = base::trimmed(base::split_off(value, '='));
    const auto text = unquoted(base::trimmed(value));
    if (!text) return std::nullopt;
    if (base::equals_ignoring_case(name, "proto")) scheme = known_scheme(*text);
    if (!base::equals_ignoring_case(name, "for")) continue;
    // RFC 7239 4: "Each parameter MUST NOT occur more than once per field-value."
    if (address) return std::nullopt;
    address = address_of(*text);
    if (!address) return std::nullopt;
  }
  if (!address) return std::nullopt;
  return Hop{*address, scheme};
}

std::optional<Hop> parse_x_forwarded_for(std::string_view element) {
  const auto address = address_of(element);
  if (!address) return std::nullopt;
  return Hop{*address, {}};
}

// The way as one field tells it. No client: it says nothing that can be read.
struct Told {
  std::vector<base::IpAddress> hops;  // from the peer's side on
  std::string_view scheme;
};

template <class Parse>
Told read_hops(const TrustedProxies& trusted, const FieldList& fields, FieldId id, Parse parse) {
  Told told;
  ElementsFromRight elements(fields, id);
  while (const auto element = elements.next()) {
    const auto hop = parse(*element);
    if (!hop || told.hops.size() == kHopsMax) return {};
    told.hops.push_back(hop->address);
    told.scheme = hop->scheme;
    if (!trusted.contains(hop->address)) break;
  }
  return told;
}

Told read_forwarded(const TrustedProxies& trusted, const FieldList& fields) {
  return read_hops(trusted, fields, FieldId::kForwarded, parse_forwarded);
}

Told read_x_forwarded_for(const TrustedProxies& trusted, const FieldList& fields) {
  return read_hops(trusted, fields, FieldId::kXForwardedFor, parse_x_forwarded_for);
}

bool name_the_same(const Told& a, const Told& b) {
  return !a.hops.empty() && !b.hops.empty() && a.hops.back() == b.hops.back();
}

// Nothing where two fields contradict each other.
std::optional<Told> read_told(const TrustedProxies& trusted, const FieldList& fields) {
  const bool has_forwarded = trusted.by != TrustedProxies::By::kXForwardedFor && fields.find(FieldId::kForwarded);
  const bool has_x = trusted.by != TrustedProxies::By::kForwarded && fields.find(FieldId::kXForwardedFor);
  Told told;
  if (has_forwarded) told = read_forwarded(trusted, fields);
  if (!has_x) return told;
  Told x = read_x_forwarded_for(trusted, fields);
  if (!has_forwarded) return x;
  if (!name_the_same(told, x)) return std::nullopt;
  return told;
}

void note(const Told& told, Exchange& exchange) {
  const auto hops = exchange.arena().make_array<base::IpAddress>(told.hops.size());
  std::ranges::reverse_copy(told.hops, hops.begin());
  ClientPath path{.hops = hops, .scheme = told.scheme};
  // Forwarded says it with the address; beside X-Forwarded-For it has a field of its own.
  if (path.scheme.empty()) path.scheme = known_scheme(exchange.request.fields.value(FieldId::kXForwardedProto));
  exchange.client_path = exchange.arena().make<ClientPath>(path);
}

}  // namespace

bool TrustedProxies::contains(const base::IpAddress& address) const {
  return std::ranges::any_of(blocks, [&address](const base::Cidr& block) { return block.contains(address); });
}

bool find_client(const TrustedProxies& trusted, Exchange& exchange) {
  if (!trusted.contains(exchange.connection().peer.address)) return true;
  const auto told = read_told(trusted, exchange.request.fields);
  if (!told) {
    exchange.refuse(
        {.status = 400, .code = kTwoClients, .reason = "Forwarded and X-Forwarded-For do not name the same client"});
    return false;
  }
  if (!told->hops.empty()) note(*told, exchange);
  return true;
}

}  // namespace gate::http
