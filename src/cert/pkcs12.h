#pragma once

#include <string>

#include "base/result.h"
#include "cert/certificate.h"
#include "cert/credential.h"

namespace gate::cert {

// `credential` and the root above it (null: without) as one PKCS #12 file (RFC 7292), as browsers and phones take it:
// shown there as `label`, encrypted with `password` (triple DES). DER. kCannotIssue for a password that such a file
// cannot have.
base::Result<std::string> to_pkcs12(const Credential& credential, const Certificate* root, const std::string& label,
                                    const std::string& password);

}  // namespace gate::cert
