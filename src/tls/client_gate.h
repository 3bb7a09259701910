#pragma once

#include <openssl/ssl.h>

#include <cstdint>

#include "cert/verify_client.h"
#include "tls/client_demand.h"

namespace gate::tls {

// A site's demand on its clients as one worker enforces it.
class ClientGate {
 public:
  explicit ClientGate(const ClientDemand& demand);

  std::uint64_t fingerprint() const { return fingerprint_; }

  // Names the authorities that clients may choose a certificate of (RFC 8446 4.2.4).
  void name_authorities(SSL_CTX* ctx) const;

  // Makes the handshake of `ssl`, which has a negotiation, ask for a certificate and judge it.
  void guard(SSL* ssl) const;

 private:
  static ssl_verify_result_t on_certificate(SSL* ssl, std::uint8_t* alert);
  ssl_verify_result_t judge(SSL* ssl, std::uint8_t* alert) const;

  const bool required_;
  const std::uint64_t fingerprint_;
  const std::vector<cert::Certificate> trusted_;
  const std::function<bool(std::string_view)> names_;
  const cert::ClientVerifier verifier_;
};

}  // namespace gate::tls
