#pragma once

#include <string>
#include <vector>

#include "cert/certificate.h"

namespace gate::tls {

// What a client has proved who it is with. Immutable.
struct ClientCertificate {
  std::vector<cert::Certificate> chain;  // verified; its own first, without the root
  std::vector<std::string> names;        // of every kind, see cert::client_names
  std::string fingerprint{};             // SHA-256, hexadecimal
  // The values of Client-Cert and Client-Cert-Chain (RFC 9440), by which servers behind are told.
  std::string field_value{};
  std::string chain_field_value{};  // empty: nothing stands between it and the root

  const cert::Certificate& own() const { return chain.front(); }
};

}  // namespace gate::tls
