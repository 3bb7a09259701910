#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gate::acme {

// SHA-256 of a key authorization: what answers to tls-alpn-01 and dns-01 carry in its place (RFC 8737 3, RFC 8555 8.4).
std::array<std::byte, 32> digest_of(std::string_view key_authorization);

}  // namespace gate::acme
