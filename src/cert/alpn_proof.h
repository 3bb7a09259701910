#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "cert/certificate.h"

namespace gate::cert {

// Whether `certificate` answers a challenge of type tls-alpn-01 for `name`, a DNS name or an address: it is for that
// name alone, and carries the SHA-256 of the challenge's key authorization in a critical extension (RFC 8737 3, RFC
// 8738 6). The other side of make_tls_alpn_01.
bool proves_by_alpn(const Certificate& certificate, std::string_view name, std::span<const std::byte, 32> digest);

}  // namespace gate::cert
