#pragma once

#include <string_view>

#include "base/result.h"

namespace gate::cli {

// Asks on the terminal whether that is meant; anything but "y" or "yes" is no. kNotConfirmed where no person can
// answer.
base::Result<bool> ask_to_confirm(std::string_view question);

}  // namespace gate::cli
