#pragma once

#include "cert/private_key.h"

namespace gate::cert {

// A fresh RSA key of 2048 bits: what many sites still have, to compare with. The program's own keys are ECDSA P-256.
PrivateKey generate_rsa_key();

}  // namespace gate::cert
