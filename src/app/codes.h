#pragma once

#include "base/error.h"

namespace gate::app {

// What the configuration as a whole gets wrong.
inline constexpr base::ErrorCode kNoSites{190};
inline constexpr base::ErrorCode kDuplicateSiteName{191};
inline constexpr base::ErrorCode kSeveralDefaults{192};
inline constexpr base::ErrorCode kCertificateNeeded{193};
inline constexpr base::ErrorCode kEmptySite{194};
inline constexpr base::ErrorCode kMetricsNotLoopback{195};
inline constexpr base::ErrorCode kConfigurationRejected{196};
inline constexpr base::ErrorCode kNeedsRestart{197};

inline constexpr base::ErrorCode kNoOuterSite{4122};       // "ech" names no site
inline constexpr base::ErrorCode kNoEch{4123};             // the server has no "ech", or no such site
inline constexpr base::ErrorCode kNothingToPublish{4124};  // "publish" of "ech", and no server that takes updates

inline constexpr base::ErrorCode kNotARequest{136};       // nothing that could be asked for
inline constexpr base::ErrorCode kUnknownRequest{137};    // none that was refused or failed lately
inline constexpr base::ErrorCode kUnknownUpstream{6003};  // a server that no statement names

inline constexpr base::ErrorCode kNotAnAddress{5142};  // to be purged

inline constexpr base::ErrorCode kNoSuchOrder{3330};      // no certificate of an authority by that name
inline constexpr base::ErrorCode kOtherServed{3400};      // another certificate serves than the one that was meant
inline constexpr base::ErrorCode kServerEnds{3401};       // before what was asked for is done
inline constexpr base::ErrorCode kNoSuchAccount{3402};    // at an authority
inline constexpr base::ErrorCode kAccountBusy{3403};      // it is being used
inline constexpr base::ErrorCode kNoPersistRecord{3404};  // nobody knows what it would say
inline constexpr base::ErrorCode kCannotBackUp{4205};
inline constexpr base::ErrorCode kNoAlerts{4230};  // nobody is to be told, or too many messages are on their way

// The process itself.
inline constexpr base::ErrorCode kCannotUpgrade{2080};

}  // namespace gate::app
