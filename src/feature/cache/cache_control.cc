#include "feature/cache/cache_control.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace gate::cache {
namespace {

struct Directive {
  std::string_view name;
  std::string_view value;  // without quotes
};

// The end of the element at the front of `list`: the first comma that does not stand in quotes (RFC 9110 5.6.4).
std::size_t end_of_element(std::string_view list) {
  bool quoted = false;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (list[at] == '"') quoted = !quoted;
    if (list[at] == '\\' && quoted) ++at;
    if (at < list.size() && list[at] == ',' && !quoted) return at;
  }
  return list.size();
}

std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

Directive split(std::string_view element) {
  const auto name = base::trimmed(base::split_off(element, '='));
  return {name, unquoted(base::trimmed(element))};
}

// RFC 9111 1.2.2: delta-seconds are digits; too many of them mean a very long time.
Seconds read_seconds(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, base::is_digit)) return Seconds{0};
  const auto number = base::parse_number<std::int64_t>(text);
  return number ? std::min(Seconds{*number}, CacheControl::kLongest) : CacheControl::kLongest;
}

struct Flag {
  std::string_view name;
  bool CacheControl::* member;
};
constexpr std::array kFlags{
    Flag{"no-store", &CacheControl::no_store},
    Flag{"no-cache", &CacheControl::no_cache},
    Flag{"private", &CacheControl::is_private},
    Flag{"public", &CacheControl::is_public},
    Flag{"must-revalidate", &CacheControl::must_revalidate},
    Flag{"proxy-revalidate", &CacheControl::must_revalidate},
    Flag{"only-if-cached", &CacheControl::only_if_cached},
};

struct Time {
  std::string_view name;
  std::optional<Seconds> CacheControl::* member;
};
constexpr std::array kTimes{
    Time{"max-age", &CacheControl::max_age},
    Time{"s-maxage", &CacheControl::s_maxage},
    Time{"stale-while-revalidate", &CacheControl::stale_while_revalidate},
    Time{"stale-if-error", &CacheControl::stale_if_error},
};

void take(const Directive& directive, CacheControl& control) {
  for (const Flag& flag : kFlags) {
    if (base::equals_ignoring_case(directive.name, flag.name)) control.*flag.member = true;
  }
  for (const Time& time : kTimes) {
    if (!base::equals_ignoring_case(directive.name, time.name)) continue;
    auto& member = control.*time.member;
    const Seconds said = read_seconds(directive.value);
    member = member && *member != said ? Seconds{0} : said;
  }
}

}  // namespace

CacheControl read_cache_control(const http::FieldList& fields) {
  CacheControl control;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::kCacheControl) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t end = end_of_element(rest);
      take(split(base::trimmed(rest.substr(0, end))), control);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return control;
}

}  // namespace gate::cache
