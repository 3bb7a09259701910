#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "os/udp_control.h"

// Control messages that no kernel would send: nothing is read beside them, and what is read is within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto control = gate::os::parse_datagram_control(std::as_bytes(std::span(data, size)));
  GATE_CHECK(control.ecn <= 3);
  GATE_CHECK(control.datagram_bytes <= INT32_MAX);
  return 0;
}
