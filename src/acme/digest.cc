#include "acme/digest.h"

#include <openssl/sha.h>

#include <cstdint>

namespace gate::acme {

std::array<std::byte, 32> digest_of(std::string_view key_authorization) {
  std::array<std::byte, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const std::uint8_t*>(key_authorization.data()), key_authorization.size(),
         reinterpret_cast<std::uint8_t*>(digest.data()));
  return digest;
}

}  // namespace gate::acme
