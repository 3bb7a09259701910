#pragma once

#include "http/fields.h"
#include "http/method.h"

namespace gate::http::h1 {

// Whether the sender of these fields will keep the connection (RFC 9112 9.3).
bool says_keep_alive(Version version, const FieldList& fields);

}  // namespace gate::http::h1
