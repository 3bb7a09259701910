#pragma once

#include <algorithm>
#include <string_view>

namespace gate::http {

// Whether a request's field of that name, in lower case, claims what only a server that has spoken TLS with the client
// can say (RFC 9440 2.4: such fields of the client go no further). With "_" too, which many programs take for "-".
inline bool claims_certificate(std::string_view name) {
  const auto same = [name](std::string_view claim) {
    return std::ranges::equal(name, claim, [](char a, char b) { return a == b || (a == '_' && b == '-'); });
  };
  return same("client-cert") || same("client-cert-chain");
}

}  // namespace gate::http
