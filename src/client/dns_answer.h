#pragma once

#include <chrono>
#include <optional>

#include "base/bytes.h"

namespace gate::client {

// How long the answers in a DNS message are good: the least TTL of its answer section (RFC 1035 4.1), with one of more
// than 31 bits taken for 0 (RFC 2181 8). Nothing where there are none, or the message is cut or malformed.
std::optional<std::chrono::seconds> least_ttl(base::ByteView message);

}  // namespace gate::client
