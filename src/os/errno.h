#pragma once

#include <cerrno>
#include <string>

#include "base/error.h"

namespace gate::os {

// The system's words for an error number: "No space left on device".
std::string errno_text(int number);

// An Error of side kSystem with the system's words as `why`, and a `fix` for the numbers where there is one to give.
base::Error system_error(base::ErrorCode code, std::string what, int number = errno);

}  // namespace gate::os
