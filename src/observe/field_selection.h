#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gate::observe {

// A header field that goes into the access log.
struct SelectedField {
  std::string name;  // lower case
  bool redacted = false;
};

// Which fields of requests and responses a site logs. Immutable once built.
struct FieldSelection {
  std::vector<SelectedField> request;
  std::vector<SelectedField> response;
};

// Whether the field (name in lower case) carries credentials, so that its value is redacted unless the configuration
// says otherwise: authorization, proxy-authorization, cookie, set-cookie.
bool is_sensitive_field(std::string_view name);

// The field under its lower-case name; redacted when it is sensitive, unless `in_clear`.
SelectedField select_field(std::string_view name, bool in_clear = false);

}  // namespace gate::observe
