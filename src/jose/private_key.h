#pragma once

#include <string_view>

#include "base/result.h"
#include "cert/private_key.h"

namespace gate::jose {

// Reads the JSON Web Key of a private key (RFC 7518 6.2.2 and 6.3.2), as other programs keep those of their accounts:
// ECDSA on P-256, or RSA of 2048 to 8192 bits with all of its parts. Fails with kBadJwk, also where its parts do not
// belong together. The caller guards the text.
base::Result<cert::PrivateKey> private_key_from_jwk(std::string_view json);

}  // namespace gate::jose
