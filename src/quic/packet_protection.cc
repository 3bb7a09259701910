#include "quic/packet_protection.h"

#include <openssl/aead.h>
#include <openssl/chacha.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/sha.h>

#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"

namespace gate::quic {

namespace {

using cert::native_data;

// RFC 9001 6.6: 2^23 packets, 2^52 forgeries for AES-GCM; 2^36 forgeries for ChaCha20-Poly1305, which runs out of
// packet numbers before it seals too much.
constexpr std::uint64_t kGcmSealedMax = std::uint64_t{1} << 23;
constexpr std::uint64_t kGcmForgedMax = std::uint64_t{1} << 52;
constexpr std::uint64_t kChaChaSealedMax = std::uint64_t{1} << 62;
constexpr std::uint64_t kChaChaForgedMax = std::uint64_t{1} << 36;

constexpr std::array<std::uint8_t, 20> kSalt1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                                 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr std::array<std::uint8_t, 20> kSalt2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                                 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

struct Labels {
  std::string_view key, iv, header_key, update;
};
constexpr Labels kLabels1 = {"quic key", "quic iv", "quic hp", "quic ku"};
constexpr Labels kLabels2 = {"quicv2 key", "quicv2 iv", "quicv2 hp", "quicv2 ku"};

const Labels& labels_of(std::uint32_t version) { return version == kVersion2 ? kLabels2 : kLabels1; }

template <std::size_t kSize>
constexpr std::array<std::byte, kSize> octets(const std::uint8_t (&values)[kSize]) {
  std::array<std::byte, kSize> bytes{};
  for (std::size_t i = 0; i < kSize; ++i) bytes[i] = std::byte{values[i]};
  return bytes;
}

}  // namespace

const Suite& initial_suite() {
  static const Suite kAes128 = {*tls::find_suite(0x1301), HeaderCipher::kAes128, kGcmSealedMax, kGcmForgedMax};
  return kAes128;
}

const Suite* find_suite(std::uint16_t number) {
  static const Suite kAes256 = {*tls::find_suite(0x1302), HeaderCipher::kAes256, kGcmSealedMax, kGcmForgedMax};
  static const Suite kChaCha = {*tls::find_suite(0x1303), HeaderCipher::kChaCha20, kChaChaSealedMax, kChaChaForgedMax};
  switch (number) {
    case 0x1301: return &initial_suite();
    case 0x1302: return &kAes256;
    case 0x1303: return &kChaCha;
    default: return nullptr;
  }
}

PacketKeys derive_keys(const Suite& suite, std::uint32_t version, base::ByteView secret) {
  const Labels& labels = labels_of(version);
  PacketKeys keys{};
  tls::expand_label(suite.hash, secret, labels.key, std::span(keys.key).first(suite.key_bytes));
  tls::expand_label(suite.hash, secret, labels.iv, keys.iv);
  tls::expand_label(suite.hash, secret, labels.header_key, std::span(keys.header_key).first(suite.key_bytes));
  return keys;
}

void derive_next_secret(const Suite& suite, std::uint32_t version, base::ByteView secret, std::span<std::byte> next) {
  tls::expand_label(suite.hash, secret, labels_of(version).update, next);
}

InitialSecrets initial_secrets(std::uint32_t version, base::ByteView destination_id) {
  const auto& salt = version == kVersion2 ? kSalt2 : kSalt1;
  std::array<std::byte, SHA256_DIGEST_LENGTH> common{};
  std::size_t size = 0;
  GATE_CHECK(HKDF_extract(native_data(std::span<std::byte>(common)), &size, EVP_sha256(), native_data(destination_id),
                          destination_id.size(), salt.data(), salt.size()));
  InitialSecrets secrets{};
  tls::expand_label(initial_suite().hash, common, "client in", secrets.client);
  tls::expand_label(initial_suite().hash, common, "server in", secrets.server);
  return secrets;
}

const RetryKey& retry_key(std::uint32_t version) {
  static constexpr RetryKey kKey1 = {
      octets({0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e}),
      octets({0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb})};
  static constexpr RetryKey kKey2 = {
      octets({0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92}),
      octets({0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a})};
  return version == kVersion2 ? kKey2 : kKey1;
}

HeaderKey::HeaderKey(HeaderCipher cipher, base::ByteView key) : cipher_(cipher) {
  if (cipher == HeaderCipher::kChaCha20) {
    base::copy_bytes(key_, key);
  } else {
    GATE_CHECK(AES_set_encrypt_key(native_data(key), static_cast<unsigned>(key.size() * 8), &schedule_) == 0);
  }
}

void HeaderKey::mask(std::span<std::byte, 5> mask, std::span<const std::byte, kSampleBytes> sample) const {
  if (cipher_ != HeaderCipher::kChaCha20) {
    std::array<std::byte, kSampleBytes> block;
    AES_encrypt(native_data(sample), native_data(std::span<std::byte>(block)), &schedule_);
    base::copy_bytes(mask, std::span(block).first(mask.size()));
    return;
  }
  // RFC 9001 5.4.4: "The first 4 bytes of the sampled ciphertext are the block counter [...] a 32-bit number in
  // little-endian order. The remaining 12 bytes are used as the nonce."
  static constexpr std::array<std::byte, 5> kZeros{};
  std::uint32_t counter = 0;
  for (std::size_t i = 4; i-- > 0;) counter = counter << 8 | std::to_integer<std::uint32_t>(sample[i]);
  CRYPTO_chacha_20(native_data(std::span<std::byte>(mask)), native_data(kZeros), kZeros.size(),
                   native_data(base::ByteView(key_)), native_data(sample.subspan(4)), counter);
}

}  // namespace gate::quic
