#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cert/credential.h"

namespace gate::tls {

// Names that are being proved to certificate authorities over TLS (RFC 8737), with what each is proved by. Immutable;
// shared by all workers.
struct Challenges {
  struct Challenge {
    std::string name;  // a DNS name or an address
    cert::Credential credential;
  };
  std::vector<Challenge> open;
};

// The server name by which an authority asks for `name`: itself in lower case, or for an address its name in the
// reverse DNS (RFC 8738 6).
std::string challenge_server_name(std::string_view name);

}  // namespace gate::tls
