#pragma once

#include <openssl/ssl.h>

#include "cert/credential.h"

namespace gate::tls {

// Lets connections of `ctx` prove their end's name with `credential`, which is copied; the certificates go into `pool`
// if there is one. False when the library does not take them, see cert::last_library_reason().
[[nodiscard]] bool use_credential(SSL_CTX* ctx, const cert::Credential& credential, CRYPTO_BUFFER_POOL* pool);

}  // namespace gate::tls
