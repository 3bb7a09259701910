#pragma once

#include "base/error.h"

// The codes of certificates that are ordered when a client asks for them first: G3374 to G3389; those that a client
// meets in its handshake are of tls.
namespace gate::app {

inline constexpr base::ErrorCode kBadOnDemandIndex{3374};  // what is kept about such names cannot be read
inline constexpr base::ErrorCode kAskFailed{3375};         // whoever is to be asked for permission does not answer
inline constexpr base::ErrorCode kTooManyNames{3376};      // as many as "names" allows have a certificate
inline constexpr base::ErrorCode kOnDemandNeedsPermission{3380};  // the statement has neither "ask" nor "allow"
inline constexpr base::ErrorCode kOnDemandWithoutNames{3381};     // the site has no names but those it is called by

}  // namespace gate::app
