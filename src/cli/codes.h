#pragma once

#include "base/error.h"

namespace gate::cli {

inline constexpr base::ErrorCode kBadUsage{130};          // a command that is none, or lacks something
inline constexpr base::ErrorCode kNothingToMeasure{141};  // "bench" alone
inline constexpr base::ErrorCode kNotAPath{139};          // of a site that is measured
inline constexpr base::ErrorCode kNoSuchFolder{132};
inline constexpr base::ErrorCode kNothingToExplain{133};
inline constexpr base::ErrorCode kNoSuchCertificate{134};
inline constexpr base::ErrorCode kBadExport{4206};
inline constexpr base::ErrorCode kNothingToImport{4207};
inline constexpr base::ErrorCode kServerRuns{4208};
inline constexpr base::ErrorCode kNotARequestId{135};
inline constexpr base::ErrorCode kNotAnAddress{138};
inline constexpr base::ErrorCode kSecretNotGiven{4258};
inline constexpr base::ErrorCode kBadCaArgument{4259};  // of gate443 ca
inline constexpr base::ErrorCode kSeveralCertificates{4260};
inline constexpr base::ErrorCode kWouldOverwrite{4261};
inline constexpr base::ErrorCode kNoPageForPhones{4262};
inline constexpr base::ErrorCode kNotConfirmed{3420};  // what cannot be taken back
inline constexpr base::ErrorCode kNotRevocable{3421};  // by ACME: no authority has issued it

}  // namespace gate::cli
