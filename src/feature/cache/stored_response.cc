#include "feature/cache/stored_response.h"

#include <algorithm>

#include "base/text.h"
#include "http/date.h"

namespace gate::cache {
namespace {

// Of the objects themselves and their places in the index.
constexpr std::size_t kOverheadBytes = 512;
constexpr std::size_t kFieldOverheadBytes = 2 * sizeof(std::string);

std::string_view without_default_port(std::string_view scheme, std::string_view authority) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
}

}  // namespace

Seconds Freshness::age(base::Instant now) const {
  return initial_age + std::chrono::floor<Seconds>(std::max(now - received_at, base::Duration{0}));
}

std::string_view StoredHead::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, [](const auto& field) -> std::string_view { return field.first; });
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

http::Validators StoredHead::validators(std::chrono::sys_seconds now) const {
  return {.etag = field("etag"), .last_modified = http::parse_http_date(field("last-modified"), now)};
}

std::size_t StoredResponse::cost() const {
  std::size_t bytes = kOverheadBytes + head->key.size() + body->size();
  for (const auto& [name, value] : head->fields) bytes += kFieldOverheadBytes + name.size() + value.size();
  for (const auto& [name, value] : head->vary) bytes += kFieldOverheadBytes + name.size() + value.size();
  for (const auto& tag : head->tags) bytes += kFieldOverheadBytes + tag.size();
  return bytes;
}

std::string key_of(std::string_view scheme, std::string_view authority, std::string_view target) {
  std::string key(scheme);
  key += "://";
  key += base::lowered(without_default_port(scheme, authority));
  key += target;
  return key;
}

std::string vary_value(const http::FieldList& fields, std::string_view name) {
  std::string all;
  for (const http::Field& field : fields) {
    if (field.name != name) continue;
    if (!all.empty()) all += ", ";
    all += base::trimmed(field.value);
  }
  return all;
}

bool is_for(const StoredHead& head, const http::FieldList& request_fields) {
  return std::ranges::all_of(
      head.vary, [&](const VaryField& field) { return vary_value(request_fields, field.name) == field.value; });
}

}  // namespace gate::cache
