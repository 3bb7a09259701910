#include "quic/keys.h"

#include <openssl/aead.h>
#include <openssl/err.h>
#include <openssl/mem.h>

#include <memory>

#include "base/check.h"
#include "quic/native.h"

namespace gate::quic {
namespace {

void erase(PacketKeys& keys) { OPENSSL_cleanse(&keys, sizeof keys); }

}  // namespace

ngtcp2_crypto_ctx native_suite(const Suite& suite) {
  // The library hands its handles back to us and never looks into them, so the suite itself is one.
  void* handle = const_cast<Suite*>(&suite);
  return {.aead = {.native_handle = handle, .max_overhead = kTagBytes},
          .md = {.native_handle = handle},
          .hp = {.native_handle = handle},
          .max_encryption = suite.sealed_max,
          .max_decryption_failure = suite.forged_max};
}

const Suite* suite_of(const ngtcp2_crypto_ctx& native) { return static_cast<const Suite*>(native.aead.native_handle); }

NativeKeys make_keys(const Suite& suite, std::uint32_t version, base::ByteView secret) {
  PacketKeys keys = derive_keys(suite, version, secret);
  NativeKeys native;
  native.aead = make_aead(suite, keys.key);
  native.header.native_handle =
      std::make_unique<HeaderKey>(suite.header_cipher, std::span(keys.header_key).first(suite.key_bytes)).release();
  base::copy_bytes(std::as_writable_bytes(std::span(native.iv)), keys.iv);
  erase(keys);
  return native;
}

ngtcp2_crypto_aead_ctx make_aead(const Suite& suite, base::ByteView key) {
  EVP_AEAD_CTX* made = EVP_AEAD_CTX_new(suite.aead, native_data(key), suite.key_bytes, kTagBytes);
  GATE_CHECK(made != nullptr);
  return {.native_handle = made};
}

void free_key(ngtcp2_crypto_aead_ctx& key) {
  EVP_AEAD_CTX_free(static_cast<EVP_AEAD_CTX*>(key.native_handle));
  key.native_handle = nullptr;
}

void free_key(ngtcp2_crypto_cipher_ctx& key) {
  const std::unique_ptr<HeaderKey> last(static_cast<HeaderKey*>(key.native_handle));
  key.native_handle = nullptr;
}

void update_direction(const Suite& suite, std::uint32_t version, std::span<const std::uint8_t> current,
                      std::uint8_t* next_secret, ngtcp2_crypto_aead_ctx& aead, std::uint8_t* iv) {
  const auto next = std::as_writable_bytes(std::span(next_secret, current.size()));
  derive_next_secret(suite, version, std::as_bytes(current), next);
  PacketKeys keys = derive_keys(suite, version, next);
  aead = make_aead(suite, keys.key);
  base::copy_bytes(std::as_writable_bytes(std::span(iv, kIvBytes)), keys.iv);
  erase(keys);
}

void forget_library_errors() { ERR_clear_error(); }

}  // namespace gate::quic
