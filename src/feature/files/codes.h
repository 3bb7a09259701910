#pragma once

#include "base/error.h"

// The codes of the statement `files`: G5100 to G5119.
namespace gate::files {

inline constexpr base::ErrorCode kFileForbidden{5100};        // 403: the file's permissions keep the server out
inline constexpr base::ErrorCode kLinkLeavesRoot{5101};       // 404: a symbolic link leads out of the root
inline constexpr base::ErrorCode kSpecialFile{5102};          // 404: a device, a pipe or a socket
inline constexpr base::ErrorCode kMethodNotAllowed{5103};     // 405
inline constexpr base::ErrorCode kPreconditionFailed{5104};   // 412
inline constexpr base::ErrorCode kRangeNotSatisfiable{5105};  // 416
inline constexpr base::ErrorCode kCannotRead{5106};           // 500: the disk or the root failed
inline constexpr base::ErrorCode kTooManyOpenFiles{5107};     // 503

}  // namespace gate::files
