#pragma once

#include <array>
#include <cstddef>

#include "base/bytes.h"

namespace gate::jose {

// SHA-256, as signatures and thumbprints are made of it, and as challenges of ACME want it of their key authorization
// (RFC 8555 8.4, RFC 8737 3).
std::array<std::byte, 32> sha256(base::ByteView bytes);

}  // namespace gate::jose
