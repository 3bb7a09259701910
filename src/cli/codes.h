#pragma once

#include "base/error.h"

namespace gate::cli {

inline constexpr base::ErrorCode kNoSuchFolder{132};
inline constexpr base::ErrorCode kNothingToExplain{133};
inline constexpr base::ErrorCode kNoSuchCertificate{134};
inline constexpr base::ErrorCode kNotARequestId{135};
inline constexpr base::ErrorCode kNotAnAddress{138};

}  // namespace gate::cli
