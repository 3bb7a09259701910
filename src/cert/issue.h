#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "base/clock.h"
#include "cert/certificate.h"
#include "cert/credential.h"
#include "cert/name_constraints.h"
#include "cert/private_key.h"

namespace gate::cert {

struct Validity {
  base::WallTime from;
  base::WallTime until;
};

// A self-signed root called `common_name` that may sign leaves, no further authorities, within `constraints`.
Certificate make_root(const PrivateKey& key, const std::string& common_name, const NameConstraints& constraints,
                      const Validity& validity);

// A server's certificate for `names` and the public half of `leaf_key`, signed by `root`. The names are valid ones.
Certificate make_leaf(const Certificate& root, const PrivateKey& root_key, const PrivateKey& leaf_key,
                      std::span<const std::string> names, const Validity& validity);

// What answers a challenge of type tls-alpn-01 for `name`, a DNS name without wildcard or an address: a certificate for
// it alone, signed with its own fresh key, that carries the SHA-256 of the challenge's key authorization (RFC 8737 3).
Credential make_tls_alpn_01(const std::string& name, std::span<const std::byte, 32> key_authorization_digest,
                            const Validity& validity);

}  // namespace gate::cert
