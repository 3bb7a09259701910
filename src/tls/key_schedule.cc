#include "tls/key_schedule.h"

#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/sha.h>

#include <array>

#include "base/check.h"
#include "cert/native.h"

namespace gate::tls {

const Suite* find_suite(std::uint16_t number) {
  static const Suite kAes128 = {EVP_aead_aes_128_gcm(), EVP_sha256(), 16, SHA256_DIGEST_LENGTH};
  static const Suite kAes256 = {EVP_aead_aes_256_gcm(), EVP_sha384(), 32, SHA384_DIGEST_LENGTH};
  static const Suite kChaCha = {EVP_aead_chacha20_poly1305(), EVP_sha256(), 32, SHA256_DIGEST_LENGTH};
  switch (number) {
    case 0x1301: return &kAes128;
    case 0x1302: return &kAes256;
    case 0x1303: return &kChaCha;
    default: return nullptr;
  }
}

void expand_label(const EVP_MD* hash, base::ByteView secret, std::string_view label, std::span<std::byte> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  constexpr std::size_t kLabelMax = 32;
  std::array<std::uint8_t, 4 + kPrefix.size() + kLabelMax> info{};
  GATE_CHECK(label.size() <= kLabelMax);
  std::size_t size = 0;
  info[size++] = static_cast<std::uint8_t>(out.size() >> 8);
  info[size++] = static_cast<std::uint8_t>(out.size());
  info[size++] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  for (const char c : kPrefix) info[size++] = static_cast<std::uint8_t>(c);
  for (const char c : label) info[size++] = static_cast<std::uint8_t>(c);
  info[size++] = 0;
  GATE_CHECK(HKDF_expand(cert::native_data(out), out.size(), hash, cert::native_data(secret), secret.size(),
                         info.data(), size));
}

}  // namespace gate::tls
