#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gate::cli {

// The secret that `env:NAME` or `file:PATH` refers to, a line end at its end left out. One written out is refused and
// not repeated: arguments are seen by everybody on the machine, and stay in the shell's history.
base::Result<std::string> secret_argument(std::string_view reference, std::string_view option);

}  // namespace gate::cli
