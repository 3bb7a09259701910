#pragma once

#include <openssl/base.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

// TLS 1.3's keys (RFC 8446 7), as far as they are our own business. For sources of `tls` and `quic` only.
namespace gate::tls {

// A cipher suite of TLS 1.3 (RFC 8446 B.4).
struct Suite {
  static constexpr std::size_t kKeyBytesMax = 32;
  static constexpr std::size_t kSecretBytesMax = 48;
  static constexpr std::size_t kIvBytes = 12;
  static constexpr std::size_t kTagBytes = 16;

  const EVP_AEAD* aead;
  const EVP_MD* hash;
  std::size_t key_bytes;
  std::size_t secret_bytes;
};

// By its number in the registry; null for any other suite.
const Suite* find_suite(std::uint16_t number);

// RFC 8446 7.1: HKDF-Expand-Label with an empty context. `label` is without "tls13 ", of at most 32 characters.
void expand_label(const EVP_MD* hash, base::ByteView secret, std::string_view label, std::span<std::byte> out);

}  // namespace gate::tls
