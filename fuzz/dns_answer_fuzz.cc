#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "client/dns_answer.h"

// No message is read beyond its end, and a lifetime is never negative.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto life = gate::client::least_ttl(std::as_bytes(std::span(data, size)));
  GATE_CHECK(!life || (life->count() >= 0 && life->count() <= 0x7fff'ffff));
  return 0;
}
