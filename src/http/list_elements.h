#pragma once

#include <string_view>

#include "base/text.h"
#include "http/fields.h"

namespace gate::http {

// Calls `visit(element)` for each element of the comma lists in all lines of that name; blanks are trimmed.
template <class Visit>
void for_each_element(const FieldList& fields, FieldId id, Visit visit) {
  for (const Field& field : fields) {
    if (field.id != id) continue;
    for (std::string_view rest = field.value;;) {
      const auto comma = rest.find(',');
      visit(base::trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
}

}  // namespace gate::http
