#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gate::acme {

// "ca.example; accounturi=https://ca.example/acct/1": how records name an authority and bind it (RFC 8659 4.2).
struct IssueValue {
  std::string issuer;                                             // in lower case; empty: nobody
  std::vector<std::pair<std::string, std::string>> parameters{};  // tags in lower case

  // Of the parameter with this tag, which is given in lower case.
  std::optional<std::string_view> parameter(std::string_view tag) const;
};

// Nothing for what does not keep to the grammar, or says one thing twice; it then means nothing.
std::optional<IssueValue> parse_issue_value(std::string_view text);

}  // namespace gate::acme
