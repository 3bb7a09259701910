#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "http/exchange.h"

namespace gate::http {

// Proxies in front of the server that are believed who their clients are.
struct TrustedProxies {
  enum class By : std::uint8_t {
    kEither,         // whichever of the two a request has
    kForwarded,      // RFC 7239
    kXForwardedFor,  // what came before it
  };

  std::vector<base::Cidr> blocks;
  By by = By::kEither;

  bool contains(const base::IpAddress& address) const;
};

// Notes in `exchange` who its client is, where the connection's peer is trusted to say so: of the addresses in the
// field, from the right, the first that is not itself trusted. What stands to the left of that one is the client's own
// word, and is not looked at. Where a trusted proxy says nothing that can be read, the client is the peer.
//
// False, with the request refused, when both fields are there and do not name the same client: one of the two is then
// what the client has written, passed on by a proxy that knows only the other.
[[nodiscard]] bool find_client(const TrustedProxies& trusted, Exchange& exchange);

}  // namespace gate::http
