#pragma once

#include "base/error.h"

// G4270 to G4289: the ACME server.
namespace gate::acme_server {

inline constexpr base::ErrorCode kNotAllowed{4270};         // the client's address
inline constexpr base::ErrorCode kAccountUnreadable{4271};  // a file of the state folder
inline constexpr base::ErrorCode kBadSecret{4273};          // of an `eab` statement
inline constexpr base::ErrorCode kNeedsHttps{4274};
inline constexpr base::ErrorCode kTooLarge{4275};  // a request

}  // namespace gate::acme_server
