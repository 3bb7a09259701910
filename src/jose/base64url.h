#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace gate::jose {

// RFC 7515 2, "Base64url Encoding": the alphabet for URLs and file names (RFC 4648 5), without padding.
std::string to_base64url(base::ByteView bytes);

// Nothing where `text` is not the one encoding of some bytes: padding, other characters, bits left over.
std::optional<std::vector<std::byte>> from_base64url(std::string_view text);

}  // namespace gate::jose
