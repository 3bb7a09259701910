#pragma once

#include "base/error.h"

// The codes of certificates, keys and authorities: G4050 to G4079, of revocation and of clients: G4112 to G4119, of the
// store of certificates: G4200 to G4219, and of the internal authority: G4250 to G4269.
namespace gate::cert {

inline constexpr base::ErrorCode kCannotParseCertificate{4050};
inline constexpr base::ErrorCode kCannotParseKey{4051};
inline constexpr base::ErrorCode kKeyDoesNotMatch{4052};
inline constexpr base::ErrorCode kChainIncomplete{4053};
inline constexpr base::ErrorCode kExpired{4054};
inline constexpr base::ErrorCode kNotYetValid{4055};
inline constexpr base::ErrorCode kNameNotCovered{4056};
inline constexpr base::ErrorCode kWeakKey{4057};
inline constexpr base::ErrorCode kUnsupportedKey{4058};
inline constexpr base::ErrorCode kLocalCaUnusable{4060};
inline constexpr base::ErrorCode kCannotIssue{4061};
inline constexpr base::ErrorCode kNotTrusted{4062};
inline constexpr base::ErrorCode kCannotParseCrl{4112};
inline constexpr base::ErrorCode kNoRoot{4113};  // a file that is to vouch for clients holds no root
inline constexpr base::ErrorCode kBadRevocationAnswer{4114};
inline constexpr base::ErrorCode kRevoked{4115};  // the authority has taken back a certificate that is served

inline constexpr base::ErrorCode kFactsUnreadable{4200};
inline constexpr base::ErrorCode kStoreDamaged{4201};
inline constexpr base::ErrorCode kBadArchive{4202};

inline constexpr base::ErrorCode kNoInternalCa{4250};
inline constexpr base::ErrorCode kInternalCaExists{4251};
inline constexpr base::ErrorCode kInternalCaUnusable{4252};
inline constexpr base::ErrorCode kIndexDamaged{4253};
inline constexpr base::ErrorCode kNotPermitted{4254};
inline constexpr base::ErrorCode kCannotReadRequest{4255};
inline constexpr base::ErrorCode kUnknownSerial{4256};
inline constexpr base::ErrorCode kAlreadyRevoked{4257};

}  // namespace gate::cert
