#include "observe/field_selection.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gate::observe {

bool is_sensitive_field(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kSensitive{"authorization", "cookie", "proxy-authorization",
                                                              "set-cookie"};
  return std::ranges::find(kSensitive, name) != kSensitive.end();
}

SelectedField select_field(std::string_view name, bool in_clear) {
  std::string lowered = base::lowered(name);
  const bool redacted = !in_clear && is_sensitive_field(lowered);
  return {.name = std::move(lowered), .redacted = redacted};
}

}  // namespace gate::observe
