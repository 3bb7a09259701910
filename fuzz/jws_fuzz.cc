#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "jose/base64url.h"
#include "jose/jws.h"

// A message that can be read is judged without harm, by the key that it names itself too; and no Base64url has two
// readings.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = gate::base::as_text(std::as_bytes(std::span(data, size)));
  if (const auto bytes = gate::jose::from_base64url(text)) GATE_CHECK(gate::jose::to_base64url(*bytes) == text);
  const auto jws = gate::jose::Jws::parse(text);
  if (!jws) return 0;
  static_cast<void>(jws->verify(gate::base::as_bytes("secret")));
  const auto key = gate::jose::PublicKey::from_jwk(jws->header.jwk);
  if (key) static_cast<void>(jws->verify(*key));
  return 0;
}
