#pragma once

#include <span>
#include <string_view>

#include "base/ip.h"

namespace gate::http {

// The way a request took to the connection's peer, by the word of trusted proxies. Lives in the exchange's arena.
struct ClientPath {
  std::span<const base::IpAddress> hops;  // the client, then the proxies behind it; not the peer. Never empty
  std::string_view scheme;                // "https" or "http" where the client was heard so; empty: not said
};

}  // namespace gate::http
