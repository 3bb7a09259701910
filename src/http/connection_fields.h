#pragma once

#include <string_view>

#include "http/fields.h"

namespace gate::http {

// RFC 9110 7.6.1: fields of a connection, and those that wires write themselves. They go no further than it does.
bool is_of_connection(FieldId id);

// RFC 9110 7.6.1: the names that Connection lists are of the connection too. `fields` outlives it.
class ListedByConnection {
 public:
  explicit ListedByConnection(const FieldList& fields)
      : fields_(fields), any_(fields.find(FieldId::kConnection) != nullptr) {}

  bool operator()(std::string_view name) const;

 private:
  const FieldList& fields_;
  bool any_;
};

}  // namespace gate::http
