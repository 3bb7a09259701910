#pragma once

#include <openssl/aes.h>
#include <openssl/base.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "tls/key_schedule.h"

// RFC 9001 5: how packets are sealed, and where the keys come from.
namespace gate::quic {

inline constexpr std::uint32_t kVersion1 = 0x00000001;  // RFC 9000
inline constexpr std::uint32_t kVersion2 = 0x6b3343cf;  // RFC 9369

inline constexpr std::size_t kIvBytes = tls::Suite::kIvBytes;
inline constexpr std::size_t kTagBytes = tls::Suite::kTagBytes;
inline constexpr std::size_t kKeyBytesMax = tls::Suite::kKeyBytesMax;
inline constexpr std::size_t kSecretBytesMax = tls::Suite::kSecretBytesMax;
inline constexpr std::size_t kSampleBytes = 16;  // RFC 9001 5.4.2

enum class HeaderCipher : std::uint8_t { kAes128, kAes256, kChaCha20 };

// A TLS 1.3 cipher suite, as QUIC uses it.
struct Suite : tls::Suite {
  HeaderCipher header_cipher;
  // RFC 9001 6.6: how many packets one key may seal, and how many forgeries it may see.
  std::uint64_t sealed_max;
  std::uint64_t forged_max;
};

// The suite of an IANA number; null for one that QUIC does not know (RFC 9001 5.3).
const Suite* find_suite(std::uint16_t number);
// RFC 9001 5.2: Initial packets use AES-128-GCM and SHA-256.
const Suite& initial_suite();

// The keys of one direction at one level.
struct PacketKeys {
  std::array<std::byte, kKeyBytesMax> key;
  std::array<std::byte, kIvBytes> iv;
  std::array<std::byte, kKeyBytesMax> header_key;
};

// RFC 9001 5.1, with the labels of the version (RFC 9369 3.3.1).
PacketKeys derive_keys(const Suite& suite, std::uint32_t version, base::ByteView secret);

// RFC 9001 6.1: the secret after a key update, written to `next`, which is as long as `secret`.
void derive_next_secret(const Suite& suite, std::uint32_t version, base::ByteView secret, std::span<std::byte> next);

// RFC 9001 5.2: what both sides know from the client's first destination connection id.
struct InitialSecrets {
  std::array<std::byte, 32> client;
  std::array<std::byte, 32> server;
};
InitialSecrets initial_secrets(std::uint32_t version, base::ByteView destination_id);

// RFC 9001 5.8: the key and nonce of a Retry packet's tag, which protect against accidents, not attackers.
struct RetryKey {
  std::array<std::byte, 16> key;
  std::array<std::byte, kIvBytes> nonce;
};
const RetryKey& retry_key(std::uint32_t version);

// A key for header protection (RFC 9001 5.4).
class HeaderKey {
 public:
  HeaderKey(HeaderCipher cipher, base::ByteView key);

  // The five bytes that cover a header, from a sample of the packet's ciphertext.
  void mask(std::span<std::byte, 5> mask, std::span<const std::byte, kSampleBytes> sample) const;

 private:
  HeaderCipher cipher_;
  std::array<std::byte, kKeyBytesMax> key_{};  // ChaCha20's; AES has its schedule
  AES_KEY schedule_{};
};

}  // namespace gate::quic
