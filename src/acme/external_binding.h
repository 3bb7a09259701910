#pragma once

#include <string>

namespace gate::acme {

// What an authority gives to customers it knows from elsewhere (RFC 8555 7.3.4).
struct ExternalBinding {
  std::string key_id;
  std::string key;  // its bytes: a secret
};

}  // namespace gate::acme
