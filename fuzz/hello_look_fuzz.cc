#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/check.h"
#include "tls/hello_look.h"

using gate::tls::HelloLook;

// A ClientHello that was found is the same with more behind it, and what is none does not become one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::byte, gate::tls::kHelloBytesMax> room;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto half = gate::tls::look_for_client_hello(bytes.first(size / 2), room).state;
  const auto whole = gate::tls::look_for_client_hello(bytes, room);
  if (half != HelloLook::State::kIncomplete) GATE_CHECK(whole.state == half);
  if (whole.state != HelloLook::State::kWhole) return 0;
  GATE_CHECK(whole.hello.server_name.size() <= 255);
  GATE_CHECK(whole.hello.suites.size() % 2 == 0);
  return 0;
}
