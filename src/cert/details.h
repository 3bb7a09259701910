#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cert/certificate.h"

namespace gate::cert {

// What only people and checks of revocation ask of a certificate; read anew each time, so that a server with thousands
// of certificates does not carry it around.
struct Details {
  std::vector<std::string> crl_urls;     // RFC 5280 4.2.1.13
  std::vector<std::string> ocsp_urls;    // RFC 5280 4.2.2.1
  std::vector<std::string> issuer_urls;  // where the issuer's certificate is
  std::size_t scts = 0;                  // promises of transparency logs inside (RFC 6962 3.3)
};

// Extensions that cannot be read count as absent.
Details details_of(const Certificate& certificate);

}  // namespace gate::cert
