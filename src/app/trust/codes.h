#pragma once

#include "base/error.h"

// G4080 to G4089: making this machine trust the local CA.
namespace gate::app {

inline constexpr base::ErrorCode kCannotTrust{4080};  // a store could not be changed
inline constexpr base::ErrorCode kTrustToolMissing{4081};
inline constexpr base::ErrorCode kNotTrustedYet{4082};  // the handshake after the installation was refused

}  // namespace gate::app
