#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace gate::tls {

// What responders say of the own certificates (OCSP responses, DER), by the certificate's fingerprint: shown to clients
// that ask for it (RFC 6066 8). Immutable; shared by all workers. Whoever makes it takes out what is out of date.
struct Staples {
  std::map<std::array<std::byte, 32>, std::vector<std::byte>> responses;
};

}  // namespace gate::tls
