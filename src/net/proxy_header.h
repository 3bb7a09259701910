#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ip.h"
#include "http/proxied_connection.h"

// The header of the PROXY protocol, by which a proxy says ahead of a connection's bytes for whom it has opened it:
// https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, cited here as "PROXY" and its section.
namespace gate::net {

enum class ProxyProtocol : std::uint8_t { kNone, kV1, kV2 };

// Far more than senders need: 108 bytes in version 1, some hundred in version 2 with the facts of a TLS connection.
// Keeps a sender from having us hold 64 KiB for it.
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

struct ProxyHeader {
  enum class State : std::uint8_t { kWhole, kIncomplete, kMalformed };
  State state = State::kIncomplete;
  std::size_t bytes = 0;                 // how long it is, once it is whole
  std::optional<base::Endpoint> client;  // none: the proxy speaks for itself (LOCAL), or does not know (UNKNOWN)
  std::string_view fault{};              // what is wrong with a malformed one; static
};

// What stands at the front of `bytes`. Anything that cannot become a header is malformed as soon as that can be seen.
ProxyHeader parse_proxy_header(base::ByteView bytes);

// The header that says for whom we open a connection: nobody else, where there is no `connection`. Empty for kNone.
std::string proxy_header(ProxyProtocol version, const std::optional<http::ProxiedConnection>& connection);

}  // namespace gate::net
