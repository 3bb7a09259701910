#pragma once

#include <openssl/ssl.h>

#include "tls/ech_keys.h"

namespace gate::tls {

// The keys as the library wants them; null where a key does not fit its configuration.
bssl::UniquePtr<SSL_ECH_KEYS> native_ech_keys(const EchKeys& keys);

}  // namespace gate::tls
