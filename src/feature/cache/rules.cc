#include "feature/cache/rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/date.h"
#include "http/list_elements.h"
#include "http/response_rules.h"
#include "http/upgrade.h"
#include "net/early_data.h"
#include "tls/facts.h"

namespace gate::cache {
namespace {

using http::FieldId;
using http::Method;

// A response with so many tags or chosen by so many fields is somebody's mistake, and would cost at each look-up.
constexpr std::size_t kTagsMax = 64;
constexpr std::size_t kVaryFieldsMax = 16;

// What some frameworks take the method or the path from, although they are in no key: a response to one of these would
// be given to those who have asked for something else.
constexpr std::array<std::string_view, 7> kChangesMeaning{
    "x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url",
    "x-original-host",        "x-host"};

bool changes_meaning(const http::Field& field) {
  return field.id == FieldId::kUnknown && std::ranges::find(kChangesMeaning, field.name) != kChangesMeaning.end();
}

bool is_safe(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions || method == Method::kTrace;
}

// RFC 9111 3.5 lists the directives by which a server allows a response to be kept although the request said who asks.
bool is_for_everyone(const CacheControl& control) { return control.is_public || control.s_maxage.has_value(); }

std::optional<std::chrono::sys_seconds> date_of(const http::FieldList& fields, FieldId id,
                                                std::chrono::sys_seconds now) {
  const auto value = fields.combined(id);
  return value ? http::parse_http_date(*value, now) : std::nullopt;
}

// RFC 9111 4.2.1, and where the response says nothing what the configuration does.
std::optional<Seconds> lifetime_of(const http::Response& response, const CacheControl& control,
                                   const CacheSettings& settings, std::chrono::sys_seconds now) {
  if (control.no_cache) return Seconds{0};
  if (control.s_maxage) return control.s_maxage;
  if (control.max_age) return control.max_age;
  if (response.fields.find(FieldId::kExpires)) {
    // RFC 9111 5.3: "interpret invalid date formats, especially including the value "0", as representing a time in the
    // past"
    const auto expires = date_of(response.fields, FieldId::kExpires, now);
    const auto date = date_of(response.fields, FieldId::kDate, now).value_or(now);
    return expires ? std::max(Seconds{*expires - date}, Seconds{0}) : Seconds{0};
  }
  const auto found = std::ranges::find(settings.lifetimes, response.status, &CacheSettings::Lifetime::status);
  return found == settings.lifetimes.end() ? std::nullopt : std::optional(found->lifetime);
}

// RFC 9111 4.2.3.
Seconds initial_age(const http::Response& response, const Moments& moments) {
  const auto date = date_of(response.fields, FieldId::kDate, moments.wall);
  const Seconds apparent = date ? std::max(Seconds{moments.wall - *date}, Seconds{0}) : Seconds{0};
  const auto said = base::parse_number<std::int64_t>(response.fields.value(FieldId::kAge));
  const Seconds age{said ? std::clamp<std::int64_t>(*said, 0, CacheControl::kLongest.count()) : 0};
  return std::max(apparent, age + std::chrono::floor<Seconds>(moments.received - moments.asked));
}

Freshness freshness_of(const http::Response& response, Seconds lifetime, const CacheControl& control,
                       const CacheSettings& settings, const Moments& moments) {
  Freshness freshness{
      .received_at = moments.received, .initial_age = initial_age(response, moments), .lifetime = lifetime};
  if (response.status >= 400) freshness.lifetime = std::min(lifetime, settings.error_lifetime_max);
  // RFC 9111 4.2.4: "A cache MUST NOT generate a stale response if it is prohibited by an explicit in-protocol
  // directive". That s-maxage is one gives way where the same server allows it in words (RFC 5861), as they often
  // stand together; it does not give way to the configuration.
  if (control.must_revalidate || control.no_cache) return freshness;
  const auto allowed = [&](std::optional<Seconds> said, Seconds configured) {
    return said ? *said : control.s_maxage ? Seconds{0} : configured;
  };
  freshness.stale_while_revalidate = allowed(control.stale_while_revalidate, settings.stale_while_revalidate);
  freshness.stale_if_error = allowed(control.stale_if_error, settings.stale_if_error);
  return freshness;
}

// False when no other request can be answered with it: "Vary: *", or too many fields.
bool read_vary(const http::Request& request, const http::Response& response, std::vector<VaryField>& vary) {
  bool matchable = true;
  http::for_each_element(response.fields, FieldId::kVary, [&](std::string_view name) {
    if (name.empty() || !matchable) return;
    matchable = name != "*" && vary.size() < kVaryFieldsMax;
    std::string lowered = base::lowered(name);
    std::string value = vary_value(request.fields, lowered);
    if (matchable) vary.push_back({std::move(lowered), std::move(value)});
  });
  return matchable;
}

void add_tags(std::string_view list, char separator, std::vector<std::string>& tags) {
  while (!list.empty() && tags.size() < kTagsMax) {
    const auto tag = base::trimmed(base::split_off(list, separator));
    if (!tag.empty()) tags.emplace_back(tag);
  }
}

std::vector<std::string> tags_of(const http::FieldList& fields) {
  std::vector<std::string> tags;
  for (const http::Field& field : fields) {
    if (field.name == "cache-tag") add_tags(field.value, ',', tags);
    if (field.name == "surrogate-key") add_tags(field.value, ' ', tags);
  }
  return tags;
}

bool is_kept(const http::Field& field) { return field.id != FieldId::kAge && !http::is_written_by_driver(field.id); }

void copy_fields(const http::FieldList& from, StoredHead& head) {
  for (const http::Field& field : from) {
    if (is_kept(field)) head.fields.emplace_back(field.name, field.value);
  }
}

}  // namespace

RequestUse use_of(const http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  if (request.method == Method::kConnect) return RequestUse::kPasses;
  if (!is_safe(request.method)) return RequestUse::kInvalidates;
  const bool readable = request.method == Method::kGet || request.method == Method::kHead;
  // A GET with a body may mean anything by it, and no key has bodies.
  if (!readable || request.has_body || !http::upgrade_of(request).empty()) return RequestUse::kPasses;
  // Who proves who they are in the handshake is meant as much as who does by a field.
  const tls::Facts* facts = exchange.connection().tls;
  const bool is_personal = request.fields.find(FieldId::kAuthorization) || (facts && facts->client);
  if (is_personal || net::brings_early_data(exchange.connection())) {
    return RequestUse::kPasses;
  }
  // RFC 9110 13.1.1 and 13.1.4 leave these to the origin server, whose state they speak of.
  if (request.fields.find(FieldId::kIfMatch) || request.fields.find(FieldId::kIfUnmodifiedSince)) {
    return RequestUse::kPasses;
  }
  if (std::ranges::any_of(request.fields, changes_meaning)) return RequestUse::kPasses;
  return read_cache_control(request.fields).no_store ? RequestUse::kPasses : RequestUse::kAnswers;
}

bool is_keepable(std::uint16_t status) {
  constexpr std::array<std::uint16_t, 11> kKeepable{200, 203, 204, 300, 301, 302, 307, 308, 404, 410, 451};
  return std::ranges::find(kKeepable, status) != kKeepable.end();
}

bool has_cookie(const http::FieldList& request_fields, const CacheSettings& settings) {
  return !settings.ignores_cookies && request_fields.find(FieldId::kCookie) != nullptr;
}

std::optional<StoredHead> storable_head(const http::Request& request, const http::Response& response,
                                        const CacheSettings& settings, const Moments& moments) {
  const CacheControl control = read_cache_control(response.fields);
  if (control.no_store || control.is_private || !is_keepable(response.status)) return std::nullopt;
  if (response.fields.find(FieldId::kSetCookie) || response.fields.find(FieldId::kContentRange)) return std::nullopt;
  const bool for_everyone = is_for_everyone(control);
  if (has_cookie(request.fields, settings) && !for_everyone) return std::nullopt;
  const auto lifetime = lifetime_of(response, control, settings, moments.wall);
  if (!lifetime) return std::nullopt;

  StoredHead head{.key = key_of(request), .status = response.status, .tags = tags_of(response.fields)};
  head.freshness = freshness_of(response, *lifetime, control, settings, moments);
  head.for_everyone = for_everyone;
  if (!read_vary(request, response, head.vary)) return std::nullopt;
  copy_fields(response.fields, head);
  const Freshness& freshness = head.freshness;
  const bool ever_used =
      freshness.is_within(freshness.stale_while_revalidate, moments.received) || head.has_validator();
  return ever_used ? std::optional(std::move(head)) : std::nullopt;
}

std::optional<StoredHead> refreshed_head(const StoredHead& kept, const http::Request& request,
                                         const http::Response& not_modified, const CacheSettings& settings,
                                         const Moments& moments) {
  // RFC 9111 3.2: the fields of the 304 take the place of those of the same name, but for those that tell of the
  // content's form, which has not come anew.
  const auto tells_of_content = [](std::string_view name) {
    return name == "content-encoding" || name == "content-type" || name == "content-range";
  };
  http::Response merged(not_modified.fields.arena());
  merged.status = kept.status;
  for (const http::Field& field : not_modified.fields) {
    if (!tells_of_content(field.name)) merged.fields.add(field);
  }
  for (const auto& [name, value] : kept.fields) {
    if (tells_of_content(name) || !not_modified.fields.find(name)) merged.fields.add(name, value);
  }
  return storable_head(request, merged, settings, moments);
}

StoredHead passing_head(const http::Response& response, const Moments& moments) {
  StoredHead head{.status = response.status};
  const auto age = base::parse_number<std::int64_t>(response.fields.value(FieldId::kAge));
  head.freshness = {.received_at = moments.received, .initial_age = Seconds{age.value_or(0)}};
  copy_fields(response.fields, head);
  return head;
}

}  // namespace gate::cache
