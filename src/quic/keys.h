#pragma once

#include <ngtcp2/ngtcp2.h>

#include <span>

#include "quic/packet_protection.h"

// Keys in the form that the QUIC library holds for us. For sources of this folder only.
namespace gate::quic {

// What the library has to know of a suite, and the suite again.
ngtcp2_crypto_ctx native_suite(const Suite& suite);
const Suite* suite_of(const ngtcp2_crypto_ctx& native);

// A direction's keys. Whoever has them frees them, unless the library has taken them.
struct NativeKeys {
  ngtcp2_crypto_aead_ctx aead{};
  ngtcp2_crypto_cipher_ctx header{};
  std::array<std::uint8_t, kIvBytes> iv{};
};
NativeKeys make_keys(const Suite& suite, std::uint32_t version, base::ByteView secret);

ngtcp2_crypto_aead_ctx make_aead(const Suite& suite, base::ByteView key);
void free_key(ngtcp2_crypto_aead_ctx& key);
void free_key(ngtcp2_crypto_cipher_ctx& key);

// RFC 9001 6: one direction's next secret and keys; the key of header protection stays.
void update_direction(const Suite& suite, std::uint32_t version, std::span<const std::uint8_t> current,
                      std::uint8_t* next_secret, ngtcp2_crypto_aead_ctx& aead, std::uint8_t* iv);

// A forged packet is no news.
void forget_library_errors();

}  // namespace gate::quic
