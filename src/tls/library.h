#pragma once

#include <string>

namespace gate::tls {

// The version of the TLS library, "5.1.0".
std::string library_version();

}  // namespace gate::tls
