#include "http/upgrade.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "http/list_elements.h"
#include "http/request_rules.h"

namespace gate::http {
namespace {

bool lists_upgrade(const FieldList& fields) {
  bool found = false;
  for_each_element(fields, FieldId::kConnection,
                   [&](std::string_view option) { found |= base::equals_ignoring_case(option, "upgrade"); });
  return found;
}

// RFC 9110 7.8: protocol = protocol-name ["/" protocol-version]
bool is_protocol(std::string_view text) {
  const auto slash = text.find('/');
  return is_token(text.substr(0, slash)) && (slash == std::string_view::npos || is_token(text.substr(slash + 1)));
}

std::string_view only_protocol(const FieldList& fields) {
  std::string_view found;
  std::size_t count = 0;
  for_each_element(fields, FieldId::kUpgrade, [&](std::string_view protocol) {
    found = protocol;
    ++count;
  });
  return count == 1 && is_protocol(found) ? found : std::string_view{};
}

std::string_view in_lower_case(std::string_view text, base::Arena& arena) {
  if (std::ranges::all_of(text, [](char c) { return base::to_lower(c) == c; })) return text;
  const auto copy = arena.make_array<char>(text.size());
  std::ranges::transform(text, copy.begin(), base::to_lower);
  return {copy.data(), copy.size()};
}

}  // namespace

std::string_view upgrade_of(const Request& request) {
  // RFC 9110 7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request."
  if (request.version != Version::kHttp11 || request.has_body || !lists_upgrade(request.fields)) return {};
  return in_lower_case(only_protocol(request.fields), request.fields.arena());
}

}  // namespace gate::http
