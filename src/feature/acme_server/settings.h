#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "cert/name_constraints.h"

namespace gate::acme_server {

// Who may make an account, where only some may (RFC 8555 7.3.4): an id and the secret that goes with it.
struct ExternalAccount {
  std::string id;
  std::string secret;  // the bytes, not their Base64url
};

// One `acme-server` statement, checked.
struct AcmeServerSettings {
  std::string path = "/acme";       // of all its URLs
  std::vector<base::Cidr> allow{};  // whom it answers; empty: everybody whom the site answers
  cert::NameConstraints names{};    // what it gives certificates for; empty: all that the authority may sign for
  std::chrono::seconds lifetime = std::chrono::days(7);
  std::vector<ExternalAccount> external_accounts{};  // empty: everybody may make an account
  // Where it may look for answers to challenges; empty: everywhere but this machine and its own links.
  std::vector<base::Cidr> validate{};
  // RFC 8555 8.3, RFC 8737 3: the ports are given. Others prove nothing, and are for tests.
  std::uint16_t http_port = 80;
  std::uint16_t tls_port = 443;
  std::vector<base::Endpoint> resolvers{};  // for DNS-01; empty: those of the machine

  bool limits_names() const { return !names.domains.empty() || !names.blocks.empty(); }
};

}  // namespace gate::acme_server
