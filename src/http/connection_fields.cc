#include "http/connection_fields.h"

#include "base/text.h"
#include "http/list_elements.h"

namespace gate::http {

bool is_of_connection(FieldId id) {
  switch (id) {
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTransferEncoding:
    case FieldId::kContentLength:
    case FieldId::kTe:
    case FieldId::kUpgrade: return true;
    default: return false;
  }
}

bool ListedByConnection::operator()(std::string_view name) const {
  if (!any_) return false;
  bool listed = false;
  for_each_element(fields_, FieldId::kConnection,
                   [&](std::string_view option) { listed |= base::equals_ignoring_case(option, name); });
  return listed;
}

}  // namespace gate::http
