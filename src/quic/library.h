#pragma once

#include <string>

namespace gate::quic {

// The version of the QUIC library, "1.24.0".
std::string library_version();

}  // namespace gate::quic
