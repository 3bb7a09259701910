#include "http/h1/persistence.h"

#include "base/text.h"
#include "http/list_elements.h"

namespace gate::http::h1 {

bool says_keep_alive(Version version, const FieldList& fields) {
  bool close = false;
  bool keep_alive = version == Version::kHttp11;
  for_each_element(fields, FieldId::kConnection, [&](std::string_view option) {
    close |= base::equals_ignoring_case(option, "close");
    keep_alive |= base::equals_ignoring_case(option, "keep-alive");
  });
  return keep_alive && !close;
}

}  // namespace gate::http::h1
