#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cert/credential.h"

namespace gate::cert {

// A certificate that another program has stored.
struct Foreign {
  std::string name;        // what that program calls it: a domain
  std::string chain_file;  // may be the same as the key's
  std::string key_file;
};

// What certbot keeps in `live`: NAME/fullchain.pem and NAME/privkey.pem. All of these are sorted, and empty where the
// folder is none or cannot be read.
std::vector<Foreign> find_certbot(const std::string& live);

// What Caddy keeps in its storage: certificates/ISSUER/NAME/NAME.crt and NAME.key.
std::vector<Foreign> find_caddy(const std::string& storage);

// What acme.sh keeps in its home: NAME/fullchain.cer and NAME/NAME.key, NAME_ecc for ECDSA.
std::vector<Foreign> find_acme_sh(const std::string& home);

// Reads one. Dates and names are the caller's to judge.
base::Result<Credential> read_foreign(const Foreign& foreign);

// The name to keep it under: what the program called it, if that is in the certificate; else the first name in it.
std::string name_to_keep(const Foreign& foreign, const Certificate& leaf);

}  // namespace gate::cert
