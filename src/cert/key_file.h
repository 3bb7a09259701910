#pragma once

#include <string>

#include "base/result.h"
#include "cert/private_key.h"

namespace gate::cert {

// The private key in the file at `path`, which is nobody else's to read.
base::Result<PrivateKey> read_key_file(const std::string& path);

// Writes the key to `path` (PKCS #8, mode 0600), in place of what was there.
base::Result<void> write_key_file(const std::string& path, const PrivateKey& key);

}  // namespace gate::cert
