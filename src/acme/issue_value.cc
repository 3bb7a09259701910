#include "acme/issue_value.h"

#include <algorithm>

#include "base/text.h"

namespace gate::acme {

std::optional<std::string_view> IssueValue::parameter(std::string_view tag) const {
  const auto found = std::ranges::find(parameters, tag, [](const auto& each) { return std::string_view(each.first); });
  return found == parameters.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::optional<IssueValue> parse_issue_value(std::string_view text) {
  IssueValue value;
  value.issuer = base::lowered(base::trimmed(base::split_off(text, ';')));
  while (!text.empty()) {
    const auto part = base::trimmed(base::split_off(text, ';'));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string tag = base::lowered(base::trimmed(part.substr(0, equals)));
    // RFC 8657 3 for accounturi; the draft of dns-persist-01 for all of its own.
    if (tag.empty() || value.parameter(tag)) return std::nullopt;
    value.parameters.emplace_back(std::move(tag), base::trimmed(part.substr(equals + 1)));
  }
  return value;
}

}  // namespace gate::acme
