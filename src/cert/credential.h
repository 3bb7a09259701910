#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"
#include "cert/private_key.h"

namespace gate::cert {

// What a server proves its name with: a chain, leaf first and each certificate issued by the next, and the leaf's
// key. Move-only because of the key.
struct Credential {
  std::vector<Certificate> chain;
  PrivateKey key;

  const Certificate& leaf() const { return chain.front(); }

  // The same credential with a key in memory of its own.
  Credential clone() const { return {chain, key.clone()}; }
};

// Where the two texts came from, for errors, and what they must fulfil.
struct CredentialSource {
  std::string_view chain_pem;
  std::string_view key_pem;
  std::string_view chain_origin;  // usually the file's path
  std::string_view key_origin;
};

// Parses and checks a chain and its key. Intermediates may stand in any order and are put in order; a root at the
// end is dropped, clients have their own. Refused, each with its reason: unreadable texts, a key that is not the
// leaf's, a leaf whose issuer is not in the text (unless it is self-signed), expired or not yet valid at `now`, any
// of `names` not covered by the leaf, weak keys.
base::Result<Credential> load_credential(const CredentialSource& source, std::span<const std::string> names,
                                         base::WallTime now);

// Parses a chain and its key that the program wrote itself: they must belong together; dates, names and
// completeness are not judged.
base::Result<Credential> read_credential(const CredentialSource& source);

// Whether `certificate` of the file `origin` is valid at `now`; kExpired or kNotYetValid when it is not.
base::Result<void> check_dates(const Certificate& certificate, base::WallTime now, std::string_view origin);

// The names in `names` that `leaf` does not cover.
std::vector<std::string> uncovered_names(const Certificate& leaf, std::span<const std::string> names);

}  // namespace gate::cert
