#include "jose/digest.h"

#include <openssl/sha.h>

#include <cstdint>

namespace gate::jose {

std::array<std::byte, 32> sha256(base::ByteView bytes) {
  std::array<std::byte, 32> digest{};
  SHA256(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
         reinterpret_cast<std::uint8_t*>(digest.data()));
  return digest;
}

}  // namespace gate::jose
