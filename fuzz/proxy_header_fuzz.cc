#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "net/proxy_header.h"

using gate::net::ProxyHeader;

// A whole header is whole at its last byte and not before, whatever stands behind it, and its client survives being
// written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto header = gate::net::parse_proxy_header(bytes);
  GATE_CHECK((header.state == ProxyHeader::State::kMalformed) == !header.fault.empty());
  if (header.state == ProxyHeader::State::kIncomplete) GATE_CHECK(size < gate::net::kProxyHeaderBytesMax);
  if (header.state != ProxyHeader::State::kWhole) return 0;
  GATE_CHECK(header.bytes <= size && header.bytes <= gate::net::kProxyHeaderBytesMax);
  const auto alone = gate::net::parse_proxy_header(bytes.first(header.bytes));
  GATE_CHECK(alone.state == header.state && alone.client == header.client);
  const auto cut = gate::net::parse_proxy_header(bytes.first(header.bytes - 1));
  GATE_CHECK(cut.state == ProxyHeader::State::kIncomplete);
  if (!header.client) return 0;
  for (const auto version : {gate::net::ProxyProtocol::kV1, gate::net::ProxyProtocol::kV2}) {
    const auto text = gate::net::proxy_header(version, gate::http::ProxiedConnection{*header.client, {}});
    GATE_CHECK(gate::net::parse_proxy_header(gate::base::as_bytes(text)).client == header.client);
  }
  return 0;
}
