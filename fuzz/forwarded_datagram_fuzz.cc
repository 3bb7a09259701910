#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "net/forwarded_datagram.h"

// Whatever is understood is written again as it came.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = std::as_bytes(std::span(data, size));
  const auto datagram = gate::net::parse_forwarded(message);
  if (!datagram) return 0;
  GATE_CHECK(!datagram->bytes.empty() && datagram->ecn <= 3);
  static std::array<std::byte, gate::net::kForwardedBytesMax> again;
  const std::size_t written = gate::net::write_forwarded(*datagram, again);
  GATE_CHECK(std::ranges::equal(message, std::span(again).first(written)));
  return 0;
}
