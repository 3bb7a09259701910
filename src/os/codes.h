#pragma once

#include "base/error.h"

// The codes of this machine's own doings: sockets G2000 to G2019, files, processes and rights G2020 to G2049, ports
// G21xx, folders that are served G5108. Stable: they are in logs and in the manual.
namespace gate::os {

inline constexpr base::ErrorCode kCannotListen{2010};

inline constexpr base::ErrorCode kCannotReadFile{2020};
inline constexpr base::ErrorCode kNotAFile{2021};  // a folder, a device or a pipe where a file is wanted
inline constexpr base::ErrorCode kFileTooLarge{2022};
inline constexpr base::ErrorCode kCannotWriteFile{2023};
inline constexpr base::ErrorCode kCannotMakeFolder{2024};
inline constexpr base::ErrorCode kCannotLock{2025};
inline constexpr base::ErrorCode kLockedByAnother{2026};
inline constexpr base::ErrorCode kUnsafeFileMode{2027};  // a secret that others may read or change
inline constexpr base::ErrorCode kCannotWatch{2028};
inline constexpr base::ErrorCode kCannotStartProcess{2030};
inline constexpr base::ErrorCode kProcessTimedOut{2031};
inline constexpr base::ErrorCode kUnknownUser{2032};
inline constexpr base::ErrorCode kCannotDropPrivileges{2033};
inline constexpr base::ErrorCode kCannotSetSignals{2034};
inline constexpr base::ErrorCode kDescriptorLimit{2035};
inline constexpr base::ErrorCode kNotifyFailed{2036};   // the service manager could not be told
inline constexpr base::ErrorCode kBadActivation{2037};  // sockets handed over by the service manager are unusable

// The root of what is served.
inline constexpr base::ErrorCode kRootUnusable{5108};  // the root is no folder, or cannot be opened

inline constexpr base::ErrorCode kLowPortRefused{2106};  // no right to bind a port below 1024
inline constexpr base::ErrorCode kPortInUse{2107};

}  // namespace gate::os
