#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace gate::acme {

// RFC 9773 4.1: by what an authority knows a certificate (DER) when it is asked for its renewal: its issuer's key and
// its serial number. Nothing where the certificate does not name the key.
std::optional<std::string> renewal_identifier(base::ByteView certificate);

}  // namespace gate::acme
