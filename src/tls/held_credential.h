#pragma once

#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <vector>

#include "cert/credential.h"
#include "cert/private_key.h"

namespace gate::tls {

// A credential as handshakes take it. The library checks that key and certificate match whenever both are set, so they
// are set once, on a context of their own, and a handshake switches to that context.
struct HeldCredential {
  cert::KeyType type;
  bssl::UniquePtr<SSL_CTX> ctx;           // null: key and certificate do not match, see cert::last_library_reason()
  std::array<std::byte, 32> certificate;  // its fingerprint
  std::vector<std::byte> staple{};        // empty: none
};

// Copies chain and key, so that no other worker shares them. `pool` outlives the context.
HeldCredential hold(const cert::Credential& credential, CRYPTO_BUFFER_POOL* pool, bool with_key_log);

// Settings that every context of a server has, whether it begins handshakes or holds a certificate.
void configure_server(SSL_CTX* ctx, bool with_key_log);

// Whether the secrets of its handshakes are told.
void use_key_log(SSL_CTX* ctx, bool on);

}  // namespace gate::tls
