#pragma once

#include <openssl/ssl.h>

#include "tls/facts.h"

namespace gate::tls {

// What a finished handshake has settled on, put into the facts.
void note_negotiated(const SSL* ssl, Facts& facts);

}  // namespace gate::tls
