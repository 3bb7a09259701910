#include "http/quality_list.h"

#include <algorithm>

#include "base/text.h"

namespace gate::http {
namespace {

// The next member, up to a comma outside of quotes.
std::string_view split_member(std::string_view& rest) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (quoted && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      quoted = !quoted;
    } else if (rest[at] == ',' && !quoted) {
      break;
    }
  }
  const auto member = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return member;
}

// The weight among a member's parameters; the whole member is spoiled by a weight that is none.
std::optional<Quality> weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = base::split_off(parameters, ';');
    const auto name = base::trimmed(base::split_off(value, '='));
    if (base::equals_ignoring_case(name, "q")) return parse_quality(base::trimmed(value));
  }
  return kQualityMax;
}

}  // namespace

std::optional<Quality> parse_quality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 5 || (text.size() > 1 && text[1] != '.')) return std::nullopt;
  Quality quality = text[0] == '1' ? kQualityMax : Quality{0};
  Quality place = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!base::is_digit(c)) return std::nullopt;
    quality = static_cast<Quality>(quality + (c - '0') * place);
    place /= 10;
  }
  if (quality > kQualityMax) return std::nullopt;
  return quality;
}

std::optional<QualityItem> QualityList::next() {
  while (!rest_.empty() && seen_ < kItemsMax) {
    ++seen_;
    auto parameters = split_member(rest_);
    const auto value = base::trimmed(base::split_off(parameters, ';'));
    const auto quality = weight_of(parameters);
    if (!value.empty() && quality) return QualityItem{value, *quality};
  }
  return std::nullopt;
}

}  // namespace gate::http
