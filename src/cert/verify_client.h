#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"
#include "cert/crl.h"
#include "cert/verify.h"

namespace gate::cert {

// Why a client's certificate is not accepted.
struct ClientFault {
  long reason = 0;    // by the library's numbers (X509_V_ERR_…)
  std::string why{};  // "certificate revoked"
};

// Judges what clients prove themselves with. Belongs to one worker: the library counts references in it.
class ClientVerifier {
 public:
  // `trusted` are roots, and intermediate certificates that clients leave out. With `crls`, each certificate of a chain
  // needs a current list of its issuer; without, revocation is not looked at.
  ClientVerifier(std::span<const Certificate> trusted, std::span<const Crl> crls);

  // The chain that `sent` (DER, the client's own first) leads to a root by, without the root; RFC 5280 6. Refused too:
  // certificates that are not for clients (RFC 5280 4.2.1.12), and keys and signatures that are too weak.
  std::expected<std::vector<Certificate>, ClientFault> verify(std::span<const base::ByteView> sent,
                                                              base::WallTime now) const;

 private:
  Roots roots_;
  bool with_crls_;
};

// What a client is called: the names of its certificate of every kind (DNS, mail, URI) and its common name.
std::vector<std::string> client_names(const Certificate& certificate);

}  // namespace gate::cert
