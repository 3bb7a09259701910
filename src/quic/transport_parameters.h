#pragma once

#include "base/bytes.h"

namespace gate::quic {

// Whether a parameter stands twice in a peer's transport parameters (RFC 9000 18), of which the library would take the
// last one. What is malformed is the library's to find: the look ends there.
bool repeat_a_parameter(base::ByteView encoded);

}  // namespace gate::quic
