#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "cert/signing_request.h"

// Whatever is read as a request for a certificate has a key that was checked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = gate::cert::SigningRequest::from_der(std::as_bytes(std::span(data, size)), "fuzz");
  if (!request) return 0;
  GATE_CHECK(!request->public_key_info.empty());
  return 0;
}
