#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "jose/private_key.h"
#include "jose/public_key.h"

// A private key that another program has stored is read without harm; one that is taken can sign.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = gate::base::as_text(std::as_bytes(std::span(data, size)));
  const auto key = gate::jose::private_key_from_jwk(text);
  if (key) GATE_CHECK(gate::jose::PublicKey::of(*key).has_value());
  return 0;
}
