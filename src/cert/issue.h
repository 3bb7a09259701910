#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "cert/certificate.h"
#include "cert/credential.h"
#include "cert/name_constraints.h"
#include "cert/private_key.h"
#include "cert/purpose.h"
#include "cert/validity.h"

namespace gate::cert {

// What a root is called. RFC 5280, appendix A: each has at most 64 characters.
struct RootName {
  std::string organization = "Gate443";
  std::string common_name;
};

// A self-signed root that may sign leaves, no further authorities, within `constraints`; null: whatever it likes.
Certificate make_root(const PrivateKey& key, const RootName& name, const NameConstraints* constraints,
                      const Validity& validity);

// What a leaf says. All of it has been checked.
struct LeafContent {
  Purpose purpose = Purpose::kServer;
  std::string common_name{};             // of a client; servers are known by their names alone
  std::span<const std::string> names{};  // DNS names, wildcards, addresses
  std::span<const std::string> mail_addresses{};
  std::string public_key_info{};  // DER SubjectPublicKeyInfo
  std::string revocation_url{};   // where the list of revoked certificates is; may be empty
  Validity validity{};
};

// A leaf signed by `root`.
Certificate make_leaf(const Certificate& root, const PrivateKey& root_key, const LeafContent& content);

// What answers a challenge of type tls-alpn-01 for `name`, a DNS name without wildcard or an address: a certificate for
// it alone, signed with its own fresh key, that carries the SHA-256 of the challenge's key authorization (RFC 8737 3).
Credential make_tls_alpn_01(const std::string& name, std::span<const std::byte, 32> key_authorization_digest,
                            const Validity& validity);

// A certificate for `names` that nobody vouches for, signed by its own key.
Certificate make_self_signed(const PrivateKey& key, std::span<const std::string> names, const Validity& validity);

// A request for a certificate for `names` and the public half of `key` (RFC 2986), in DER. Its subject is empty: the
// names stand in an extension (RFC 8555 7.4).
std::string make_request(const PrivateKey& key, std::span<const std::string> names);

}  // namespace gate::cert
